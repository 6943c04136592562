"""What stands between the pages and the network: limits, headers, caching, compression, files."""
