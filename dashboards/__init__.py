"""What a person looks at: drift, stability, reports over runs, alerts."""

import os

# Read by Evidently when it is first imported: without it its user interface reports on its use to
# its makers.
os.environ.setdefault("DO_NOT_TRACK", "1")
