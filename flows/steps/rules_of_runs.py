"""The rules that a stored run followed, as its manifest has them.

Apart from `rules`, which needs data in memory: verbs that only ask a run answer at once.
"""

from fusion.runs.manifest import Manifest
from storage.schema.row_objects import RunRow


def rules_hash(run: RunRow) -> str | None:
    """Return the hash of the rules file that a run's lists follow; None without a file.

    Args:
        run: with or without a manifest.
    """
    manifest = Manifest.of(run.manifest)
    # Blocks alone leave a summary too, with the hash of no rules.
    is_named = manifest.config.get("lists", {}).get("rules")
    return manifest.rules.hash if manifest.rules and is_named else None
