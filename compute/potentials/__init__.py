"""Which potentials exist, and how they are fetched, checked and loaded."""
