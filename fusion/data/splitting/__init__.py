"""Folds of a dataset: by time, by last interactions, or by hash."""
