"""The scorecard of a potential: the campaigns of a tier, its row among the published ones, one page and one release."""
