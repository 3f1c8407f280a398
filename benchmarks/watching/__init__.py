"""Faults of what serves, planted one at a time: which of them are found, and by what."""
