"""Screens of checks."""
