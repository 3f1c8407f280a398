"""Runs and their figures, as pages show them."""
