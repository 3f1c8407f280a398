"""Items as a run folder keeps them: their titles, and until when each may be shown."""

import logging
from datetime import datetime
from pathlib import Path

import polars as pl

from flows.steps.run_damage import require_whole
from fusion.runs.run_folder import RunFolder

log = logging.getLogger(__name__)
UNTIL = "available_until"
"""The column of the time after which an item may not be shown any more."""


def with_titles(folder: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the items' texts to rows by `item_id`.

    Args:
        folder: the run folder that has the texts.
        rows: with a column item_id.

    Returns:
        The rows in their order with `title`; null where an item or the whole file has no text.

    Raises:
        DataError: the file is damaged.
    """
    if not folder.is_dir():
        log.warning("titles are not shown: they stand in %s, which is not here", folder)
    file = RunFolder(folder).titles
    require_whole(folder, [file.name])
    if not file.exists():
        return rows.with_columns(pl.lit(None, pl.String).alias("title"))
    # In the order of the rows, which is that of ranks.
    titles = pl.read_parquet(file)
    return rows.join(titles, on="item_id", how="left", maintain_order="left")


def ended_items(folder: Path, since: datetime, now: datetime) -> pl.DataFrame:
    """Return the items whose time ended after `since` and by `now`.

    Args:
        folder: the run folder.
        since: an aware time, exclusive.
        now: an aware time, inclusive.

    Returns:
        item_id, available_until; no row where the run keeps no file.

    Raises:
        DataError: the file is damaged.
    """
    file = RunFolder(folder).windows
    require_whole(folder, [file.name])
    if not file.exists():
        return pl.DataFrame(schema={"item_id": pl.String, UNTIL: pl.Datetime("ms", "UTC")})
    ended = (pl.col(UNTIL) > since) & (pl.col(UNTIL) <= now)
    return pl.scan_parquet(file).filter(ended).collect()
