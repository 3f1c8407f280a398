"""Read interactions, items and users from files and SQL into a dataset."""
