"""Metrics of rankings and of catalogues, divergences, bootstrap intervals."""
