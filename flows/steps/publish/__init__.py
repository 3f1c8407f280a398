"""Check a stored run and publish it."""
