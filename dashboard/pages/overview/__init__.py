"""The page Overview: what the data say, in short."""
