"""What others published: brought into the tables, and potentials run where it stands."""
