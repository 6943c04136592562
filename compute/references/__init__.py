"""Published DFT numbers, one module per source."""
