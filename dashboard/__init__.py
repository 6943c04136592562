"""The web: pages over the published tables. Never imports the stack that computes them."""
