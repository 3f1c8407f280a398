"""Keep house: prune old runs, erase people."""
