"""The page of potentials: what each is, and how they compare."""
