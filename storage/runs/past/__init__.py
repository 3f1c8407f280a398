"""Runs as of past dates: their kind, and whether one is there already."""
