"""Life of runs in SQL: started, finished, swept, pruned, erased."""
