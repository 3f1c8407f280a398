"""Guess a configuration from files."""
