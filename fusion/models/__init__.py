"""Recommenders, one a file; the registry imports and registers them all."""
