"""Physics and campaigns: from published DFT and a potential to tables. Nothing here imports the web."""
