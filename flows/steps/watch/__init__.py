"""Look at data and lists: checks, monitoring, comparison of runs."""
