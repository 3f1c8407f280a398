"""What would change if one run were shown instead of another: whose lists, which items, and what was judged."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboards.measures.stability import Stability, stability
from flows.session import Session
from flows.steps.item_files import with_titles
from flows.steps.publish.publish import why_not
from fusion.errors import DataError
from storage.reading.read import lists_of, served_of
from storage.runs.retention import ENDED
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow

DEPTH = 10
MOVERS = 12


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other, at depth DEPTH.

    `groups`: (by, name, users, changed, churn, top1_changed), a row for all users that both runs
    serve, each route and each segment; `changed` counts lists that differ at all. `gained`, `lost`:
    items that only the new, only the old lists hold, and `moved`: those of both, each as (item_id,
    before, after, title), numbers of lists, largest change first.
    """

    old: RunRow
    new: RunRow
    stable: Stability
    groups: pl.DataFrame
    gained: pl.DataFrame
    lost: pl.DataFrame
    moved: pl.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "from": self.old.run_id,
            "to": self.new.run_id,
            "groups": self.groups,
            "stability": self.stable.rows(),
            "gained": self.gained,
            "lost": self.lost,
            "moved": self.moved,
            "verdicts": [verdict_of(self.old), verdict_of(self.new)],
        }


def compare(session: Session, old: str, new: str) -> Comparison:
    """Compare the lists of two runs, named by id or slot. Raises DataError for one that has no lists."""
    before, after = (_with_lists(session, name) for name in (old, new))
    lists = [lists_of(session.engine, run.run_no, DEPTH) for run in (before, after)]
    served = served_of(session.engine, after.run_no)
    stable = stability(lists[0], lists[1], DEPTH, served.select("user_id", segment="route"))
    counts = _counts(lists[0], lists[1])
    parts = [
        counts.filter(pl.col("before") == 0),
        counts.filter(pl.col("after") == 0),
        counts.filter(
            (pl.col("before") > 0) & (pl.col("after") > 0) & (pl.col("before") != pl.col("after"))
        ),
    ]
    known = (after, before, after)  # the run whose items they are
    gained, lost, moved = (
        with_titles(session.runs / run.run_id, _largest(part))
        for run, part in zip(known, parts, strict=True)
    )
    return Comparison(before, after, stable, _groups(stable.users, served), gained, lost, moved)


def _with_lists(session: Session, name: str) -> RunRow:
    run = find_run(session.engine, session.placement, name)
    if run.status not in ENDED:
        raise DataError(
            f"run {run.run_id} is {run.status}, without lists to compare: {why_not(run)}"
        )
    return run


def _counts(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """In how many lists each item stands: item_id, before, after."""
    counts = [
        frame.group_by("item_id").len(name)
        for frame, name in ((before, "before"), (after, "after"))
    ]
    return counts[0].join(counts[1], on="item_id", how="full", coalesce=True).fill_null(0)


def _largest(counts: pl.DataFrame) -> pl.DataFrame:
    gap = (pl.col("after").cast(pl.Int64) - pl.col("before").cast(pl.Int64)).abs()
    return counts.sort(-gap, "item_id").head(MOVERS)


def _groups(users: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    """How lists changed for everyone, by route and by segment; a null segment is left out."""
    known = users.drop("segment").join(served, on="user_id", how="left")
    figures = (
        pl.len().alias("users"),
        (~pl.col("unchanged")).sum().alias("changed"),
        (1 - pl.col("jaccard").mean()).alias("churn"),
        pl.col("top1_changed").mean(),
    )
    tables = [known.select(pl.lit("all").alias("by"), pl.lit("all").alias("name"), *figures)]
    for by in ("route", "segment"):
        grouped = known.drop_nulls(by).group_by(pl.col(by).alias("name")).agg(*figures).sort("name")
        tables.append(grouped.select(pl.lit(by).alias("by"), pl.all()))
    return pl.concat(tables)


def verdict_of(run: RunRow) -> dict[str, Any]:
    """What was judged of a run before it could be shown: the choice, its figure, and how it stood to the live run."""
    report = run.verdict or {}
    chosen = report.get("chosen", "")
    return {
        "run_id": run.run_id,
        "method": run.method,
        "as_of": run.as_of,
        "created_at": run.created_at,
        "users": report.get("users"),
        "window": (report.get("split") or {}).get("window"),
        "kind": (report.get("split") or {}).get("kind"),
        "reported": report.get("reported"),
        "row": (report.get("rows") or {}).get(chosen),
        "lists": (report.get("lists") or {}).get(chosen),
        "live": report.get("live"),
    }
