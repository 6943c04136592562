"""How far the label of a potential can be trusted for one compound: fitted on published DFT, applied with NumPy."""
