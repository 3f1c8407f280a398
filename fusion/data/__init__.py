"""Interactions as arrays: the dataset, users' histories, folds, ranked lists."""
