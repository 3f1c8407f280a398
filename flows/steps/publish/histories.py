"""Histories of users beside the lists that are shown: stored as a run goes live, or taken away."""

import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from flows.session import Session
from flows.steps.run_damage import require_whole
from fusion.errors import DataError
from fusion.runs.run_folder import RunFolder, folder_of
from storage.loading.user_history import replace_histories
from storage.schema.row_objects import RunRow

log = logging.getLogger(__name__)
BLOCK_USERS = 20_000
"""Users whose events are in memory at a time."""


def store_histories(session: Session, run: RunRow) -> int:
    """Store the last events of a run's users, in the place of those of the run before.

    A folder that is not here, or that was made without histories, leaves none: what an older run
    knew would be taken for this one's.

    Args:
        session: the database, the folder of runs, and `[lists] history`.
        run: that went live.

    Returns:
        The number of users.
    """
    folder = RunFolder(folder_of(session.runs, run.run_id))
    blocks: Iterator[pl.DataFrame] = iter(())
    try:
        if folder.history.exists():
            read = (folder.history, folder.user_ids, folder.item_ids)
            require_whole(folder.path, [str(file.relative_to(folder.path)) for file in read])
            blocks = history_blocks(folder.path, session.config.lists.history)
    except DataError as damage:
        # The lists are live, and people are served: nobody is kept from that by this.
        log.warning("no histories are stored of run %s: %s", run.run_id, damage)
    return replace_histories(session.engine, session.placement, run.run_no, blocks, session.by)


def history_blocks(folder: Path, most: int) -> Iterator[pl.DataFrame]:
    """Yield the last events of a run folder's users, block by block.

    Args:
        folder: the run folder.
        most: events of a user at most.

    Yields:
        user_id, item_id, time, weight: whole users, the newest event of each first.
    """
    run = RunFolder(folder)
    users = pl.read_parquet(run.user_ids)["user_id"]
    items = pl.read_parquet(run.item_ids)["item_id"]
    events = pl.scan_parquet(run.history)
    borders = [*range(0, len(users), BLOCK_USERS), len(users)]
    for first, last in pairwise(np.unique(borders).tolist()):
        is_here = pl.col("user").is_between(first, last, closed="left")
        block = events.filter(is_here).collect().group_by("user", maintain_order=True).head(most)
        named = block.select(
            users.gather(block["user"]).alias("user_id"),
            items.gather(block["item"]).alias("item_id"),
            "time",
            "weight",
        )
        # Whoever was forgotten has no id any more.
        yield named.drop_nulls("user_id")
