"""Drift and stability of data and lists, alerts, and the pages that show them."""

import os

# Read by Evidently when it is first imported: without it its user interface reports on its use to
# its makers.
os.environ.setdefault("DO_NOT_TRACK", "1")
