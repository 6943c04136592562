"""The page Compounds: the table of all of them, and its filters."""
