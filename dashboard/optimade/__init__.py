"""The compounds as OPTIMADE structures, for clients that ask many databases alike: `/optimade`."""
