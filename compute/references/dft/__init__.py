"""DFT of our own: jobs of single points that GPAW computes under another Python, and what is read back."""
