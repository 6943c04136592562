"""Pure array functions: no files, no ASE, no torch."""
