"""Verbs that look back, with their screens."""
