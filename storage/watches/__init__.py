"""Watches with their figures, and alerts from when they are raised until they are resolved."""
