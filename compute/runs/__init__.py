"""Campaigns: plan, tasks, shards, merge, publish."""
