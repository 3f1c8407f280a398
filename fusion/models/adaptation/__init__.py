"""Adapt frozen text vectors to what users take next."""
