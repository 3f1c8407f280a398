"""What a run folder keeps of its items beside the lists: their titles, and until when each may be shown."""

from datetime import datetime
from pathlib import Path

import polars as pl

from fusion.runs.run_folder import RunFolder

UNTIL = "available_until"


def with_titles(folder: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the items' texts as `title` to rows by `item_id`, from a run's folder; null where it is not there."""
    file = RunFolder(folder).titles
    if not file.exists():
        return rows.with_columns(pl.lit(None, pl.String).alias("title"))
    return rows.join(pl.read_parquet(file), on="item_id", how="left", maintain_order="left")


def ended(folder: Path, since: datetime, now: datetime) -> pl.DataFrame:
    """Items whose time ended after `since` and by `now`: item_id, available_until; none where no file is kept."""
    file = RunFolder(folder).windows
    if not file.exists():
        return pl.DataFrame(schema={"item_id": pl.String, UNTIL: pl.Datetime("ms", "UTC")})
    within = (pl.col(UNTIL) > since) & (pl.col(UNTIL) <= now)
    return pl.scan_parquet(file).filter(within).collect()
