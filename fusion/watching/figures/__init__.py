"""Measurements of closed days and windows, and of a sample whose past is known."""
