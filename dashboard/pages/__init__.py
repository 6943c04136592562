"""Pages: each knows its path, its layout and its callbacks."""
