"""Drift reports that Evidently draws, and its workspace over runs."""
