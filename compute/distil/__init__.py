"""Small MACE models distilled from a teacher: the configurations, their labels, and the training."""
