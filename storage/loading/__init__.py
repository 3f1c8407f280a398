"""Load the rows of a run in bulk."""
