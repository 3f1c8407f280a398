"""Kinds of runs: those that the loop makes, and those that are made of the past on demand."""

FULL = "full"
"""A training of everything that was known, which may go live."""
BACKFILL = "backfill"
"""A training as of a past date by `fusion backfill`: to look at, and no turn of the loop."""
