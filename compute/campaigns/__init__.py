"""Campaigns: which compounds, in which chunks, on which machines; shards that resume, and their merge."""
