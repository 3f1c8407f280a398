"""Tuning: a short search over the few decisive settings of each source."""
