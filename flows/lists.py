"""From a run folder's row numbers to the outside ids that SQL holds."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from fusion.registry import known

EXPLAINED_ROWS = 2_000_000
"""Listed rows beyond which reasons stay in the run folder and are not copied into SQL."""


def _ids(folder: Path, name: str) -> pl.Series:
    return pl.read_parquet(folder / "ids" / f"{name}s.parquet")[f"{name}_id"]


def list_blocks(folder: Path) -> Iterator[pl.DataFrame]:
    """Lists of whole users, block by block: user_id, rank, item_id, score, probability (1: nothing explores)."""
    users, items = _ids(folder, "user"), _ids(folder, "item")
    file = pq.ParquetFile(folder / "lists.parquet")
    for group in range(file.num_row_groups):
        block = pl.DataFrame(file.read_row_group(group, columns=["user", "rank", "item", "score"]))
        yield pl.DataFrame(
            {
                "user_id": users.gather(block["user"]),
                "rank": block["rank"],
                "item_id": items.gather(block["item"]),
                "score": block["score"],
                "probability": pl.repeat(1.0, len(block), eager=True),
            }
        )


def served_rows(folder: Path) -> pl.DataFrame:
    """How each user is served: user_id, route, segment."""
    served = pl.read_parquet(folder / "served.parquet")
    return served.select(_ids(folder, "user").gather(served["user"]).alias("user_id"), "route", "segment")


def fallback_rows(folder: Path) -> pl.DataFrame:
    """Lists of segments: segment, rank, item_id, score."""
    fallback = pl.read_parquet(folder / "fallback.parquet")
    item_id = _ids(folder, "item").gather(fallback["item"]).alias("item_id")
    return fallback.select("segment", "rank", item_id, "score")


def explanation_rows(folder: Path, size: int) -> pl.DataFrame:
    """Why shown items are listed: the source that ranks each best, where, and in words; empty for very large runs."""
    lists = pl.scan_parquet(folder / "lists.parquet").filter(pl.col("rank") <= size, pl.col("source").is_not_null())
    found = lists.select("user", "item", pl.col("source").cast(pl.String), "source_rank").collect()
    if len(found) > EXPLAINED_ROWS:
        found = found.clear()
    return found.select(
        _ids(folder, "user").gather(found["user"]).alias("user_id"),
        _ids(folder, "item").gather(found["item"]).alias("item_id"),
        "source",
        "source_rank",
        pl.col("source").replace_strict(reasons(folder), default="proposed by this source").alias("reason"),
        pl.lit(None, pl.String).alias("detail"),
    )


def reasons(folder: Path) -> dict[str, str]:
    """What each configured source says of what it proposes, in a person's words."""
    import json  # noqa: PLC0415

    manifest = json.loads((folder / "manifest.json").read_text())
    classes = known()
    return {source["name"]: classes[source["use"]].because for source in manifest["sources"]}
