"""Tasks: one compound, one potential, one protocol, carried out in one place for campaigns, live jobs and commands."""
