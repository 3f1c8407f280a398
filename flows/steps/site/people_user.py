"""What the page of a user reads: their list with reasons, other runs, blocks, fallback."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from dashboards.pages.people.user_facts import (
    Block,
    ComparedItem,
    ComparedRun,
    History,
    Listed,
    NamedItem,
    PastEvent,
    Reason,
    UserFacts,
)
from flows.session import Session
from flows.steps.show.user_lists import is_fallback, part_reasons, reasons_of, user_list
from flows.steps.site.titles import titles_of
from flows.steps.user_ids import stored_id
from storage.reading.people.histories import StoredHistory, history_of
from storage.reading.people.one_user import (
    BlockRow,
    RetainedRun,
    blocks_touching,
    ranks_in_runs,
    retained_runs,
    served_as,
)
from storage.reading.read import knows_user
from storage.reading.recommendations import EVERYONE, fallback_for
from storage.schema.row_objects import RunRow

COMPARED_RUNS = 5
"""Runs beside each other: what fits on a page."""
MOST_BLOCKS = 50
SIZE = 10
"""Length of lists of a run that does not say it."""

Titles = Mapping[str, str | None]


def user_facts(session: Session, run: RunRow, user: str) -> UserFacts:
    """Return all that is known of a user.

    Args:
        session: the database and its placement.
        run: the live run.
        user: plain id; with pseudonyms also a pseudonym that the run knows.

    Raises:
        ConfigError: users have pseudonyms, their key is missing, and the run knows no such one.
    """
    engine, size = session.engine, run.list_size or SIZE
    session, stored = _known_as(session, run, user)
    served = served_as(engine, run.run_no, stored)
    rows = user_list(session, stored)
    reasons, missing = reasons_of(session, stored, rows)
    fallback = fallback_for(engine, session.placement, served.segment if served else None)
    fallback_items = fallback.rows["item_id"].to_list()[:size]
    runs = retained_runs(engine, session.placement, COMPARED_RUNS, run.run_no)
    ranks = ranks_in_runs(engine, [one.run_no for one in runs], stored, size)
    # What a block hides stands in the list as it was made, and not in what is shown.
    made = ranks.filter(pl.col("run_no") == run.run_no)["item_id"]
    touched = {*rows["item_id"], *made} if _has_own(rows) else {*made}
    blocks = blocks_touching(engine, session.placement, stored, sorted(touched), MOST_BLOCKS)
    blocked_items = [block.item_id for block in blocks]
    stored_history = history_of(engine, session.placement, stored)
    past = [event.item_id for event in stored_history.events] if stored_history else []
    titles = titles_of(session, run, [*ranks["item_id"], *fallback_items, *blocked_items, *past])
    return UserFacts(
        user=user,
        stored=stored,
        run_id=run.run_id,
        method=run.method,
        as_of=run.as_of,
        route=served.route if served else None,
        segment=served.segment if served else None,
        served_by=_served_by(rows),
        listed=_listed(rows, reasons) if _has_own(rows) else [],
        missing=missing,
        fallback=[NamedItem(item, titles.get(item)) for item in fallback_items],
        fallback_segment=fallback.segment,
        runs=[_compared_run(one, run) for one in runs],
        compared=_compare(runs, ranks, titles, run),
        blocks=[named_block(one, titles) for one in blocks],
        stores_history=session.config.lists.history > 0,
        history=_history(stored_history, titles) if stored_history else None,
    )


def _known_as(session: Session, run: RunRow, user: str) -> tuple[Session, str]:
    """Return the id under which the run knows a user, and a session that takes it as it is."""
    data = session.config.data
    if not data.pseudonyms:
        return session, user
    # Pages link to users by the ids that SQL has: such a one is a pseudonym already.
    known = user if knows_user(session.engine, run.run_no, user) else stored_id(session, user)
    plain = data.model_copy(update={"pseudonyms": False})
    return session.varied(session.config.model_copy(update={"data": plain})), known


def _has_own(rows: pl.DataFrame) -> bool:
    """Say whether a list from `user_list` is the user's own, and not empty."""
    return bool(len(rows)) and not is_fallback(rows)


def _served_by(rows: pl.DataFrame) -> str | None:
    if rows.is_empty():
        return None
    if _has_own(rows):
        return "list"
    return "all" if rows["segment"][0] == EVERYONE else "segment"


def _listed(rows: pl.DataFrame, reasons: pl.DataFrame) -> list[Listed]:
    """Return a list with its reasons, those of each item in their order."""
    of_items: dict[str, list[dict[str, Any]]] = {}
    for reason in reasons.iter_rows(named=True):
        of_items.setdefault(reason["item_id"], []).append(reason)
    listed = []
    for row in rows.iter_rows(named=True):
        weighed, also = part_reasons(of_items.get(row["item_id"], []))
        item = NamedItem(row["item_id"], row["title"])
        listed.append(Listed(row["rank"], item, _reasons(weighed), _reasons(also)))
    return listed


def _reasons(rows: Iterable[Mapping[str, Any]]) -> list[Reason]:
    return [
        Reason(str(row["reason"]), row["source"], row["source_rank"], row["gain"]) for row in rows
    ]


def _compared_run(run: RetainedRun, live: RunRow) -> ComparedRun:
    return ComparedRun(run.run_id, run.as_of, run.status, run.run_no == live.run_no)


def _compare(
    runs: Sequence[RetainedRun], ranks: pl.DataFrame, titles: Titles, live: RunRow
) -> list[ComparedItem]:
    """Put the ranks of each item in all runs side by side, those of the live list first."""
    by_item: dict[str, dict[int, int]] = {}
    for run_no, item, rank in ranks.iter_rows():
        by_item.setdefault(item, {})[run_no] = rank
    last = len(ranks) + 1
    ordered = sorted(
        by_item,
        key=lambda item: (by_item[item].get(live.run_no, last), min(by_item[item].values())),
    )
    compared = []
    for item in ordered:
        places = [by_item[item].get(run.run_no) for run in runs]
        compared.append(ComparedItem(NamedItem(item, titles.get(item)), places))
    return compared


def named_block(block: BlockRow, titles: Titles) -> Block:
    """Return a block with the title of its item.

    Args:
        block: as SQL has it.
        titles: of items.
    """
    columns = {name: getattr(block, name) for name in BlockRow.__dataclass_fields__}
    del columns["item_id"]
    return Block(item=NamedItem(block.item_id, titles.get(block.item_id)), **columns)


def _history(stored: StoredHistory, titles: Titles) -> History:
    events = [
        PastEvent(NamedItem(one.item_id, titles.get(one.item_id)), one.at, one.weight)
        for one in stored.events
    ]
    return History(stored.run_id, stored.as_of, events)
