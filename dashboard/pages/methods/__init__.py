"""The page Methods & data: definitions, limits, tables, citation."""
