"""The page Trust: which potential to use for a compound, or none."""
