"""Screens of watches and alerts."""
