"""From a formula to prototype, sites and structure."""
