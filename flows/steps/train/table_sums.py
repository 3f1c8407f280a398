"""Rows and checksums of a run folder's lists, as they are once they are loaded into SQL."""

import logging
from pathlib import Path

from flows.steps.run_damage import damage_of_run
from flows.steps.train.row_export import fallback_rows, list_blocks, served_rows
from storage.reading.list_sums import TableJson, TableSum

log = logging.getLogger(__name__)


def folder_sums(folder: Path) -> dict[str, TableJson]:
    """Return rows and checksums of everything that views of lists show.

    Args:
        folder: of the run.

    Returns:
        By the name of the table.
    """
    lists = TableSum("recommendation")
    for block in list_blocks(folder):
        lists.add(block)
    return {"recommendation": lists.as_json(), **small_sums(folder)}


def sums_if_whole(folder: Path) -> dict[str, TableJson]:
    """Return the sums of a run folder's lists; none where a file of it is damaged.

    Args:
        folder: of the run.
    """
    damage = damage_of_run(folder)
    if damage:
        # What a damaged file says would accuse lists in SQL that are whole.
        log.warning("no checksums of lists in SQL: run folder %s is damaged: %s", folder, damage)
        return {}
    return folder_sums(folder)


def small_sums(folder: Path) -> dict[str, TableJson]:
    """Return rows and checksums of the tables that are loaded as one frame.

    Args:
        folder: of the run.
    """
    served, fallback = TableSum("served_user"), TableSum("fallback")
    served.add(served_rows(folder).sort("user_id"))
    fallback.add(fallback_rows(folder).sort("segment", "rank"))
    return {"served_user": served.as_json(), "fallback": fallback.as_json()}
