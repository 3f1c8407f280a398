"""Comparison of two runs: how many lists change, by which items, and what the verdicts were."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboards.measures.stability import Stability, stability
from flows.session import Session
from flows.steps.alerts.circumstances import circumstances
from flows.steps.item_files import with_titles
from flows.steps.publish.publish import explain_refusal
from flows.steps.run_damage import require_whole
from flows.steps.watch.twin import twin_lists
from fusion.errors import DataError
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.read import lists_of, served_of
from storage.runs.retention import ENDED
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow

DEPTH = 10
"""Ranks that are compared: what a page shows, as in the metrics."""
MAX_ITEMS = 12
"""Items of each kind that a comparison names; a screen shows fewer."""


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other, at depth DEPTH.

    Attributes:
        old: the run that is shown, or was.
        new: the run that would take its place, or took it.
        stable: how alike the lists are.
        groups: by, name, users, changed, churn, top1_changed: a row for all users that both runs
            serve, for each route and for each segment; `changed` counts lists that differ at all.
        gained: items that only the new lists hold: item_id, before, after, title; `before` and
            `after` are numbers of lists, the largest change comes first.
        lost: the same of items that only the old lists hold.
        moved: the same of items in both, in another number of lists.
        no_floor: why nothing says what chance alone changes in the new lists; "" where the twin
            does.
        differences: what else differs between the two runs, a sentence each.
    """

    old: RunRow
    new: RunRow
    stable: Stability
    groups: pl.DataFrame
    gained: pl.DataFrame
    lost: pl.DataFrame
    moved: pl.DataFrame
    no_floor: str = ""
    differences: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison for machines."""
        return {
            "from": self.old.run_id,
            "to": self.new.run_id,
            "differences": self.differences,
            "no_floor": self.no_floor or None,
            "groups": self.groups,
            "stability": self.stable.rows(),
            "gained": self.gained,
            "lost": self.lost,
            "moved": self.moved,
            "verdicts": [verdict_of(self.old), verdict_of(self.new)],
        }


def compare(session: Session, old: str, new: str) -> Comparison:
    """Compare the lists of two runs.

    Args:
        session: the database and the folder of runs.
        old: a run's id, or a slot.
        new: a run's id, or a slot.

    Returns:
        The comparison.

    Raises:
        DataError: one of them has no lists, or the folder of the new one is damaged.
    """
    before = _run_with_lists(session, old)
    after = _run_with_lists(session, new)
    old_lists = lists_of(session.engine, before.run_no, DEPTH)
    new_lists = lists_of(session.engine, after.run_no, DEPTH)
    served = served_of(session.engine, after.run_no)
    routes = served.select("user_id", segment="route")
    around = circumstances(after, before)
    folder = RunFolder(folder_of(session.runs, after.run_id))
    has_twin = not around.no_floor and folder.twin.exists()
    if has_twin:
        files = (folder.twin, folder.user_ids, folder.item_ids)
        require_whole(folder.path, [file.relative_to(folder.path).as_posix() for file in files])
    twin = twin_lists(folder) if has_twin else None
    stable = stability(old_lists, new_lists, DEPTH, routes, twin)
    counts = _item_counts(old_lists, new_lists)
    in_old, in_new = pl.col("before") > 0, pl.col("after") > 0
    is_moved = in_old & in_new & (pl.col("before") != pl.col("after"))
    return Comparison(
        before,
        after,
        stable,
        _groups(stable.users, served),
        # Titles come from the run whose items they are.
        gained=_titled(session, after, counts.filter(~in_old)),
        lost=_titled(session, before, counts.filter(~in_new)),
        moved=_titled(session, after, counts.filter(is_moved)),
        no_floor=around.no_floor,
        differences=tuple(reason.sentence for reason in around.reasons),
    )


def _run_with_lists(session: Session, name: str) -> RunRow:
    run = find_run(session.engine, session.placement, name)
    if run.status not in ENDED:
        raise DataError(
            f"run {run.run_id} is {run.status}, without lists to compare: {explain_refusal(run)}; "
            "`fusion runs` shows which runs are ready"
        )
    return run


def _item_counts(old_lists: pl.DataFrame, new_lists: pl.DataFrame) -> pl.DataFrame:
    """Count the lists in which each item stands: item_id, before, after."""
    before = old_lists.group_by("item_id").len("before")
    after = new_lists.group_by("item_id").len("after")
    # An item that only one of them lists counts 0 in the other.
    return before.join(after, on="item_id", how="full", coalesce=True).fill_null(0)


def _titled(session: Session, run: RunRow, counts: pl.DataFrame) -> pl.DataFrame:
    """Return the items of the largest change, with their titles."""
    # Counts are unsigned: a difference of them would wrap around.
    before, after = pl.col("before").cast(pl.Int64), pl.col("after").cast(pl.Int64)
    change = (after - before).abs()
    largest = counts.sort(-change, "item_id").head(MAX_ITEMS)
    return with_titles(folder_of(session.runs, run.run_id), largest)


def _groups(users: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    """Say how lists changed for everyone, by route and by segment; a null segment is left out."""
    # `segment` holds routes there, by which stability was measured; `served` has both.
    known = users.drop("segment").join(served, on="user_id", how="left")
    figures = (
        pl.len().alias("users"),
        (~pl.col("unchanged")).sum().alias("changed"),
        (1 - pl.col("jaccard").mean()).alias("churn"),
        pl.col("top1_changed").mean(),
    )
    everyone = pl.lit("all")
    tables = [known.select(everyone.alias("by"), everyone.alias("name"), *figures)]
    for column in ("route", "segment"):
        groups = known.drop_nulls(column).group_by(pl.col(column).alias("name"))
        table = groups.agg(*figures).sort("name")
        tables.append(table.select(pl.lit(column).alias("by"), pl.all()))
    return pl.concat(tables)


def verdict_of(run: RunRow) -> dict[str, Any]:
    """Return the verdict on a run before it could be shown, in short.

    Args:
        run: its row.

    Returns:
        What was judged, the metrics of what was chosen, and how it stood to the live run; None for
        what the run lacks.
    """
    report = run.verdict or {}
    split = report.get("split") or {}
    chosen = report.get("chosen", "")
    return {
        "run_id": run.run_id,
        "method": run.method,
        "as_of": run.as_of,
        "created_at": run.created_at,
        "users": report.get("users"),
        "window": split.get("window"),
        "kind": split.get("kind"),
        "reported": report.get("reported"),
        "row": (report.get("rows") or {}).get(chosen),
        "lists": (report.get("lists") or {}).get(chosen),
        "live": report.get("live"),
    }
