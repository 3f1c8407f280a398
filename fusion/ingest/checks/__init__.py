"""Checks of the data: one named function each, with its kind of finding beside it.

Importing the room registers all of them. The order of these imports is the order of findings.
"""

from fusion.ingest.checks import columns, ids, overlap, rows, tables, volume

# isort: split
from fusion.ingest.checks import values

__all__ = ["columns", "ids", "overlap", "rows", "tables", "values", "volume"]
