"""The page for the author of a checkpoint: from the file to its place among the others."""
