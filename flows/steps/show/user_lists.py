"""A user's live list with titles and reasons, or the fallback that serves them."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from flows.session import Session
from flows.steps.item_files import with_titles
from flows.steps.train.verdict_lines import lists_come_from
from flows.steps.user_ids import stored_id
from fusion.errors import DataError
from fusion.runs.manifest import Manifest
from fusion.runs.run_folder import folder_of
from storage.reading.live_run import live
from storage.reading.read import knows_user, reasons_for
from storage.reading.recommendations import Recommendations, recommendations_for
from storage.schema.row_objects import RunRow
from storage.schema.tables import COLD

FALLBACK_REASONS = (
    "Fallback lists are the same for everyone in a segment: no reasons are stored for them."
)
FROM_ATTRIBUTES = (
    "The run knows no interaction of this user: the list comes from what else is known of such "
    "users, {columns}."
)
UNKNOWN = "unknown user, "
"""How the route of a fallback begins that serves somebody whom the run does not know."""
# Every run has a fallback of everyone, so that only blocks can leave a user nothing.
NOTHING_SHOWN = (
    "nothing is shown, since every item of their list and of the fallback is blocked. "
    "The table blocked_item says by whom, why and until when."
)


def user_list(session: Session, user: str) -> pl.DataFrame:
    """Return a user's live list with titles and the strongest reason for each item.

    A user without a list gets the fallback of their segment, or of all; `is_fallback` tells it
    apart. There are no rows where `blocked_item` leaves none of either.

    Args:
        session: the database and its placement.
        user: plain id.

    Returns:
        Rows by rank: those of `current_recommendations` with `source`, `source_rank`, `reason` and
        `gain`, or those of `current_fallback` with `route` and `as_of`; `title` with both.

    Raises:
        DataError: nothing is live in the placement.
        ConfigError: users have pseudonyms, and their key is missing.
    """
    run = live_run(session)
    folder = folder_of(session.runs, run.run_id)
    stored = stored_id(session, user)
    shown = recommendations_for(session.engine, session.placement, stored)
    if shown.served_by != "list":
        is_known = knows_user(session.engine, run.run_no, stored)
        return with_titles(folder, _fallback_rows(shown, run, is_known))
    reasons = ordered_reasons(session, run, stored)
    # One reason for each item on one line: the first of all those that `reasons_of` gives.
    strongest = reasons.unique("item_id", keep="first", maintain_order=True).drop("detail")
    rows = shown.rows.join(strongest, on="item_id", how="left", maintain_order="left")
    return with_titles(folder, rows)


def is_fallback(rows: pl.DataFrame) -> bool:
    """Say whether a list from `user_list` is a fallback.

    Args:
        rows: of the list.

    Returns:
        True for the list of a segment or of all, False for the user's own.
    """
    return "segment" in rows.columns


def origin_of(session: Session, rows: pl.DataFrame) -> str:
    """Say what a list was made of, where that is not the user's own history.

    Args:
        session: the database and its placement.
        rows: of the list, from `user_list`.

    Returns:
        A sentence about a list from attributes; empty for every other list.
    """
    if rows.is_empty() or is_fallback(rows) or rows["route"][0] != COLD:
        return ""
    found = Manifest.of(live_run(session).manifest).cold_users
    return FROM_ATTRIBUTES.format(columns="; ".join(lists_come_from(found)))


def live_run(session: Session) -> RunRow:
    """Return the live run of a placement.

    Args:
        session: the database and its placement.

    Raises:
        DataError: nothing is live.
    """
    slot = live(session.engine, session.placement)
    if slot is None:
        raise DataError(
            f"nothing is live in placement {session.placement!r}; `fusion run` trains and publishes"
        )
    return slot.run


def _fallback_rows(shown: Recommendations, run: RunRow, is_known: bool) -> pl.DataFrame:
    """Add the columns `route` and `as_of` of users' lists to those of a fallback."""
    who = "" if is_known else UNKNOWN
    return shown.rows.with_columns(
        pl.lit(f"{who}fallback of segment {shown.segment}").alias("route"),
        pl.lit(run.as_of).alias("as_of"),
    )


def ordered_reasons(session: Session, run: RunRow, user: str) -> pl.DataFrame:
    """Return every stored reason of a user's list, what adds most to the score first.

    What a rule did comes before what methods say. Reasons without a gain follow by the rank that
    their source gives the item: all of a method other than the ranker, and all that was stored
    before the column `gain` was there.

    Args:
        session: the database and its placement.
        run: the run with the list.
        user: id as SQL has it.

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
    """Return every stored reason of a list, and a sentence about those that are missing.

    Args:
        session: the database and its placement.
        user: plain id.
        rows: the user's list, from `user_list`.

    Returns:
        Rows as `ordered_reasons` gives them, none for a fallback or where everything is blocked;
        the sentence, empty when nothing is missing.

    Raises:
        DataError: nothing is live in the placement.
    """
    if rows.is_empty():
        return pl.DataFrame(), NOTHING_SHOWN
    if is_fallback(rows):
        return pl.DataFrame(), FALLBACK_REASONS
    run = live_run(session)
    reasons = ordered_reasons(session, run, stored_id(session, user))
    return reasons, origin_of(session, rows) or describe_missing(run, reasons)


def part_reasons(
    reasons: Sequence[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Part the reasons of an item into those that moved its score, and the sources that did not.

    Where the ranker weighed nothing, as in lists of the blend, every source is a reason.

    Args:
        reasons: rows of `ordered_reasons`.

    Returns:
        Both parts, in their order.
    """
    # Features of the item have a gain and no source; rules have neither.
    unweighed = [reason for reason in reasons if reason["source"] and reason["gain"] is None]
    weighed = [reason for reason in reasons if reason not in unweighed]
    return (weighed, unweighed) if weighed else (unweighed, [])


def describe_missing(run: RunRow, reasons: pl.DataFrame) -> str:
    """Say why reasons of a list are missing, or were not weighed.

    Args:
        run: the run with the list.
        reasons: rows of `reasons_for`, those of one user.

    Returns:
        A sentence or two; empty when everything is there.
    """
    manifest = Manifest.of(run.manifest)
    counts = manifest.why
    if counts is None:
        return "This run stored the best source only."
    # Reasons are stored in full with their figures, or with the best source alone.
    best_source_only = reasons["detail"].null_count() == len(reasons)
    if best_source_only and counts.users < counts.of:
        rows = manifest.config["lists"]["why_rows"]
        stored = "only " if len(reasons) else "not even "
        return (
            f"The reasons for this list were not stored: [lists] why_rows = {rows:,} was enough "
            f"for {counts.users:,} of {counts.of:,} users. Of the others there is {stored}"
            "which source ranks each item best. A larger why_rows stores more, "
            "from the next run on."
        )
    if run.method != "ranker":
        return f"The lists are those of {run.method}: no ranker weighed these reasons."
    return ""
