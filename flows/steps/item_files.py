"""What a run folder keeps of its items beside the lists: their titles, and until when each may be shown."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:  # an approval reads these files, and has no time for what trains
    from fusion.data.dataset import Dataset
TITLES, WINDOWS = "titles.parquet", "windows.parquet"
UNTIL = "available_until"


def write_items(folder: Path, data: "Dataset") -> None:
    """Write what the data has of it, by `item_id`.

    `titles.parquet`: the items' texts, which people read lists by. `windows.parquet`: from when an
    item may not be shown any more.
    """
    table, ids = data.item_table, data.item_ids.values.alias("item_id")
    if "text" in table.columns:
        pl.DataFrame([ids, table["text"].alias("title")]).write_parquet(folder / TITLES)
    if UNTIL in table.columns:
        ends = table[UNTIL].cast(pl.Datetime("ms", "UTC"))
        pl.DataFrame([ids, ends]).drop_nulls().write_parquet(folder / WINDOWS)


def with_titles(folder: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the items' texts as `title` to rows by `item_id`, from a run's folder; null where it is not there."""
    file = folder / TITLES
    if not file.exists():
        return rows.with_columns(pl.lit(None, pl.String).alias("title"))
    return rows.join(pl.read_parquet(file), on="item_id", how="left", maintain_order="left")


def ended(folder: Path, since: datetime, now: datetime) -> pl.DataFrame:
    """Items whose time ended after `since` and by `now`: item_id, available_until; none where no file is kept."""
    file = folder / WINDOWS
    if not file.exists():
        return pl.DataFrame(schema={"item_id": pl.String, UNTIL: pl.Datetime("ms", "UTC")})
    within = (pl.col(UNTIL) > since) & (pl.col(UNTIL) <= now)
    return pl.scan_parquet(file).filter(within).collect()
