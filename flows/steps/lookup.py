"""Looking things up for the command line: what a slot shows, a user's list with reasons."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from flows.session import Session
from flows.steps.item_files import with_titles
from fusion.errors import DataError
from storage.reading.read import fallback_for, list_for, live, reasons_for, segment_of
from storage.schema.row_objects import LiveRun, RunRow


def list_of(session: Session, user: str) -> pl.DataFrame:
    """A user's live list with titles and reasons; the fallback of his segment, or of all, where he has none.

    Raises DataError when nothing is live.
    """
    shown = live(session.engine, session.placement)
    if shown is None:
        raise DataError(
            f"nothing is live in placement {session.placement!r}; `fusion run` trains and publishes"
        )
    rows = list_for(session.engine, session.placement, user)
    folder = session.runs / shown.run.run_id
    if rows.is_empty():
        return with_titles(folder, _fallback(session, shown.run, user))
    told = why_of(session, shown.run, user).sort("source_rank", "source", nulls_last=True)
    best = told.unique("item_id", keep="first").drop("detail")
    return with_titles(folder, rows.join(best, on="item_id", how="left", maintain_order="left"))


def why_of(session: Session, run: RunRow, user: str) -> pl.DataFrame:
    """Return every stored reason of a user's list, what adds most to the score first.

    What a rule did comes before what methods say. Reasons without a gain follow by the rank that
    their source gives the item: all of a method other than the ranker, and all that was stored
    before the column `gain` was there.

    Args:
        session: the database and its placement.
        run: the run with the list.
        user: outside id.

    Returns:
        Rows of `reasons_for`, ordered within each item.
    """
    stored = reasons_for(session.engine, run.run_no, user)
    # A rule has neither source nor figures; a feature of an older run has figures, though no gain.
    no_figures = pl.col("gain").is_null() & (pl.col("detail").fill_null("") == "")
    by_rule = pl.col("source").is_null() & no_figures
    return stored.sort(
        "item_id", ~by_rule, -pl.col("gain"), "source_rank", "source", nulls_last=True
    )


def reasons_of(session: Session, user: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """Every stored reason of a list from `list_of`, as `why_of` gives them, and what is missing in a sentence."""
    if "segment" in rows.columns:
        return (
            pl.DataFrame(),
            "Fallback lists are the same for everyone in a segment: no reasons are stored for them.",
        )
    shown = live(session.engine, session.placement)
    if shown is None:
        raise DataError(
            f"nothing is live in placement {session.placement!r}; `fusion run` trains and publishes"
        )
    told = why_of(session, shown.run, user)
    return told, unexplained(shown.run, told)


def unexplained(run: RunRow, told: pl.DataFrame) -> str:
    """Why reasons are missing, in a sentence; empty when everything is there."""
    manifest = run.manifest or {}
    counts = manifest.get("why")
    if counts is None:
        return "This run stored the best source only."
    if told["detail"].null_count() == len(told) and counts["users"] < counts["of"]:
        rows = manifest["config"]["lists"]["why_rows"]
        kept = (
            "only which source ranks each item best"
            if len(told)
            else "not even which source ranks each item best"
        )
        return (
            f"The reasons for this list were not stored: [lists] why_rows = {rows:,} was enough for "
            f"{counts['users']:,} of {counts['of']:,} users. Of the others there is {kept}. A larger why_rows stores "
            "more, from the next run on."
        )
    return (
        ""
        if run.method == "ranker"
        else f"The lists are those of {run.method}: no ranker weighed these reasons."
    )


def _fallback(session: Session, run: RunRow, user: str) -> pl.DataFrame:
    segment = segment_of(session.engine, run.run_no, user) or "all"
    rows = fallback_for(session.engine, session.placement, segment)
    rows = rows if len(rows) else fallback_for(session.engine, session.placement)
    route = f"fallback of segment {rows['segment'][0] if len(rows) else segment}"
    return rows.with_columns(pl.lit(route).alias("route"), pl.lit(run.as_of).alias("as_of"))


def run_summary(run: RunRow) -> dict[str, Any]:
    """A run for machines, without its long manifest."""
    keys = (
        "run_id",
        "placement",
        "kind",
        "as_of",
        "created_at",
        "finished_at",
        "status",
        "method",
        "list_size",
    )
    verdict = run.verdict or {}
    return {**{key: getattr(run, key) for key in keys}, "reported": verdict.get("reported")}


def slot_summary(shown: LiveRun | None) -> dict[str, Any] | None:
    """What a slot shows, for machines; `frozen_until` only while it is frozen."""
    if shown is None:
        return None
    how = {
        "since": shown.since,
        "by": shown.by,
        "reason": shown.reason,
        "frozen_until": frozen_until(shown),
    }
    return {**run_summary(shown.run), **how}


def frozen_until(shown: LiveRun) -> datetime | None:
    """Until when no publish moves the slot; None when it is not frozen now."""
    until = shown.frozen_until
    return until if until and until > datetime.now(UTC) else None


def report_path(session: Session, run: RunRow) -> Path:
    """Where a run's reports lie."""
    return session.runs / run.run_id / "report"
