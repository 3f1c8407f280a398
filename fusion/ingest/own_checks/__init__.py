"""Checks of the user's own on interactions, items and users: `[[data.checks]]`."""
