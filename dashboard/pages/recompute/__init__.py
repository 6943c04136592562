"""The page Recompute: one compound, computed now."""
