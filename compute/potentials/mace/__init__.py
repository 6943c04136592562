"""MACE: checkpoints as potentials, and their network rewritten for speed."""
