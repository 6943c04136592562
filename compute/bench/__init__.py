"""How fast the engine is, measured beside the plain loop of ASE and phonopy."""
