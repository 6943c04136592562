"""DFT of our own under another Python: what is to be computed, by which script, and how its results become rows."""
