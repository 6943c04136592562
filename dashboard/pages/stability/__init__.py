"""The page Stability: which compounds potentials call stable, and what a screening gains."""
