"""Vectors of what users wrote, and of the items that they may have meant."""
