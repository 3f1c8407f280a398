"""Candidates, their features, and the LightGBM ranker that fuses them."""
