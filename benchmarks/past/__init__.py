"""Benchmarks of retraining policies, replayed in the past."""
