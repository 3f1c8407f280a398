"""What the pages write in the name of a person: the functions of the verbs, told as theirs are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from dashboards.pages.overview.numbers import row_number
from dashboards.pages.writes import Fields, Writes
from flows.session import Session
from flows.steps.notify.telling import telling
from flows.steps.publish.publish import approve_run
from fusion.errors import DataError, Refused
from storage.reading.blocked_items import blocks_for_everyone
from storage.reading.live_run import live
from storage.slots.blocks import block_item, end_blocks
from storage.slots.challenger import reject
from storage.slots.publish import rollback
from storage.watches.alerts import acknowledge

Act = Callable[[Session, Fields], None]


@dataclass(frozen=True)
class Times:
    """How times in forms are read: as options of verbs are.

    Attributes:
        moment: reads a moment; the second argument says whose it is.
        span: reads a length of time likewise.
    """

    moment: Callable[[str, str], datetime]
    span: Callable[[str, str], timedelta]


def writes_of(session: Session, config: Path, times: Times) -> Writes:
    """Return the functions that pages write with.

    Args:
        session: whose configuration is meant; it may be read-only, each write opens its own.
        config: the file of that configuration.
        times: how times are read.
    """

    def _named(act: Act, verb: str = "") -> Callable[[str, Fields], None]:
        def _act(by: str, form: Fields) -> None:
            with _writable(session, by) as there:
                if verb:
                    with telling(config, verb):
                        act(there, form)
                else:
                    act(there, form)

        return _act

    return Writes(
        acknowledge=_named(lambda there, form: _acknowledge(there, form, times)),
        approve=_named(_approve, "approve"),
        reject=_named(_reject, "reject"),
        rollback=_named(lambda there, form: _roll_back(there, form, times), "rollback"),
        block=_named(lambda there, form: _block(there, form, times)),
        unblock=_named(_unblock),
    )


@contextmanager
def _writable(session: Session, by: str) -> Iterator[Session]:
    """Open a session that writes in the name of a person, and close its database after."""
    there = replace(session, read_only=False, by=by)
    try:
        yield there
    finally:
        if "engine" in vars(there):
            there.engine.dispose()


def _acknowledge(session: Session, form: Fields, times: Times) -> None:
    number = row_number(form.get("number", ""))
    if number is None:
        raise DataError(
            f"no alert has the number {form.get('number')!r}; `fusion alerts` lists those there are"
        )
    acknowledge(
        session.engine,
        session.placement,
        number,
        by=session.by,
        why=form["why"],
        until=_until(form, times),
    )


def _approve(session: Session, form: Fields) -> None:
    approve_run(session, form["reason"], form.get("run", ""))


def _reject(session: Session, form: Fields) -> None:
    _require_shown(session, "challenger", form)
    reject(session.engine, session.placement, by=session.by, reason=form["reason"])


def _roll_back(session: Session, form: Fields, times: Times) -> None:
    # Read before the slot moves, as the verb does.
    freeze = times.span(form["freeze"], "the length of the freeze") if form.get("freeze") else None
    _require_shown(session, "live", form)
    rollback(session.engine, session.placement, None, freeze, by=session.by, reason=form["reason"])


def _require_shown(session: Session, slot: str, form: Fields) -> None:
    """See that a slot shows the run that the person saw there."""
    shown = live(session.engine, session.placement, slot)
    run_id = shown.run.run_id if shown else None
    if run_id != form.get("run"):
        raise Refused(
            f"{slot} was run {form.get('run')} when the page was made, and is "
            f"{f'run {run_id}' if run_id else 'empty'} by now: load the page again"
        )


def _block(session: Session, form: Fields, times: Times) -> None:
    block_item(
        session.engine,
        session.placement,
        _item(form),
        by=session.by,
        reason=form["reason"],
        until=_until(form, times),
    )


def _unblock(session: Session, form: Fields) -> None:
    item = _item(form)
    ids = blocks_for_everyone(session.engine, session.placement, item)
    if not ids:
        raise DataError(
            f"item {item!r} is not blocked for everyone now; a block of one user, or one that "
            "begins later, is a row of blocked_item to change in SQL"
        )
    end_blocks(session.engine, ids, by=session.by, reason=form["reason"])


def _item(form: Fields) -> str:
    if not form.get("item"):
        raise DataError("the form names no item: open it on the page of an item")
    return form["item"]


def _until(form: Fields, times: Times) -> datetime | None:
    return times.moment(form["until"], "the time of its end") if form.get("until") else None
