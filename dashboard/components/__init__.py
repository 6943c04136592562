"""Pieces of pages: what is shown more than once."""
