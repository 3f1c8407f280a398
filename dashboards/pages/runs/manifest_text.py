"""A manifest as a text to read on a page."""

import json
from typing import Any

LONGEST = 40_000
"""Letters that a page shows: it stays below its 200 kB, and the download has all."""


def manifest_text(manifest: dict[str, Any]) -> str:
    """Return a manifest as indented JSON, cut where it is long.

    Args:
        manifest: of a run.
    """
    text = json.dumps(manifest, indent=1, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n…"
