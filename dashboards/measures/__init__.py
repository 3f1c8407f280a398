"""Measures of drift and stability: each a file, and the figures that are made of them."""
