"""Watches of the data that arrives between trainings."""
