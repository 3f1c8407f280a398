"""Locks that processes on several hosts respect."""
