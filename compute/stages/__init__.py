"""A structure and a potential to numbers; no files, no tables."""
