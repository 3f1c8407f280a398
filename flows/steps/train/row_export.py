"""From a run folder's row numbers to the outside ids that SQL holds."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from fusion.models.base.registry import known

EXPLAINED_ROWS = 2_000_000
"""Listed rows beyond which reasons stay in the run folder and are not copied into SQL."""

BLOCK_USERS = 2_500
PASS_USERS = 50_000
"""Users whose lists are in memory at a time, as numbers; each pass reads the file of lists once."""


def _ids(folder: Path, name: str) -> pl.Series:
    return pl.read_parquet(folder / "ids" / f"{name}s.parquet")[f"{name}_id"]


def list_blocks(folder: Path) -> Iterator[pl.DataFrame]:
    """Lists of whole users, block by block: user_id, rank, item_id, score, probability (1: nothing explores).

    By user_id and rank, the order of the key: a database then has next to nothing to sort.
    """
    users, items = _ids(folder, "user"), _ids(folder, "item")
    order = users.arg_sort()
    places = pl.Series(np.argsort(order.to_numpy()))
    lists = pl.scan_parquet(folder / "lists.parquet").select("user", "rank", "item", "score")
    for first in range(0, len(users), PASS_USERS):
        last = min(first + PASS_USERS, len(users))
        rows = lists.filter(pl.col("user").is_in(order[first:last].implode())).collect()
        rows = rows.with_columns(place=places.gather(rows["user"])).sort(
            "place", maintain_order=True
        )
        borders = np.searchsorted(
            rows["place"].to_numpy(), [*range(first, last, BLOCK_USERS), last]
        )
        for start, end in pairwise(borders):
            block = rows[int(start) : int(end)]
            yield block.select(
                users.gather(block["user"]).alias("user_id"),
                "rank",
                items.gather(block["item"]).alias("item_id"),
                "score",
                pl.lit(1.0).alias("probability"),
            )


def served_rows(folder: Path) -> pl.DataFrame:
    """How each user is served: user_id, route, segment."""
    served = pl.read_parquet(folder / "served.parquet")
    return served.select(
        _ids(folder, "user").gather(served["user"]).alias("user_id"), "route", "segment"
    )


def fallback_rows(folder: Path) -> pl.DataFrame:
    """Lists of segments: segment, rank, item_id, score."""
    fallback = pl.read_parquet(folder / "fallback.parquet")
    item_id = _ids(folder, "item").gather(fallback["item"]).alias("item_id")
    return fallback.select("segment", "rank", item_id, "score")


def explanation_rows(folder: Path, size: int) -> pl.DataFrame:
    """Why shown items are listed, in words; one row a reason.

    For users that were explained, every source that proposed an item and what the ranker liked
    about it, the strongest first, with the figures as `detail` and what the ranker's score gains by
    it as `gain`; for the others the source that ranks it best, unless that is too many rows.
    """
    why = pl.read_parquet(folder / "why.parquet")
    shown = pl.scan_parquet(folder / "lists.parquet").filter(
        pl.col("rank") <= size, pl.col("source").is_not_null()
    )
    best = shown.select("user", "item", pl.col("source").cast(pl.String), "source_rank").collect()
    best = best.join(why.select("user").unique(), on="user", how="anti")
    if len(best) > EXPLAINED_ROWS:
        best = best.clear()
    words = pl.col("source").replace_strict(
        reasons(folder), default="a source of your own proposes it", return_dtype=pl.String
    )
    told = why.select("user", "item", "source", "source_rank", "reason", figures(), "gain")
    unweighed = {"detail": pl.lit(None, pl.String), "gain": pl.lit(None, pl.Float32)}
    whole = pl.concat([told, best.with_columns(reason=words, **unweighed)])
    return whole.select(
        _ids(folder, "user").gather(whole["user"]).alias("user_id"),
        _ids(folder, "item").gather(whole["item"]).alias("item_id"),
        *("source", "source_rank", "reason", "detail", "gain"),
    )


def figures() -> pl.Expr:
    """The figures behind a reason: the rank that a source gives the item, and what the ranker's score gains by it."""
    rank = pl.format("{} ranks it {}", "source", "source_rank")
    gain = pl.format("{} of the score", pl.col("gain").round(3))
    return pl.concat_str([rank, gain], separator="; ", ignore_nulls=True).alias("detail")


def reasons(folder: Path) -> dict[str, str]:
    """What each configured source says of what it proposes, in a person's words."""
    import json  # noqa: PLC0415

    manifest = json.loads((folder / "manifest.json").read_text())
    classes = known()
    return {source["name"]: classes[source["use"]].reason_text for source in manifest["sources"]}
