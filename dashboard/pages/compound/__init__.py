"""The page of one compound: what DFT and each potential say of it."""
