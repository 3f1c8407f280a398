"""Thinning: of old days one row a day stays where more came, so that hourly work does not pile up.

What somebody acted on stays: answers that a training was due, and watches that figures or alerts
refer to.
"""

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Engine, Select, delete, func, select

from storage.database.engine import writing
from storage.runs.past.kinds import BACKFILL
from storage.schema.tables import metric, run, slot_move
from storage.schema.watch_tables import alert, decision, realised, watch, watch_figure

AT_ONCE = 1000
"""Keys of a statement: SQLite and PostgreSQL limit them."""
Dated = tuple[int, datetime]


def thin(engine: Engine, placement: str, before: datetime, dry_run: bool = False) -> int:
    """Leave one row a day of watches, of answers that nothing was due, and of runs' figures.

    Figures are those in `metric` and `realised` of deleted runs; of the runs of a day the last one
    keeps them that was shown, else the last one. Runs of `fusion backfill` keep theirs: many are
    made in one day, as of days of their own.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        before: aware time; all that came from then on stays.
        dry_run: count them, and delete nothing.

    Returns:
        The number of rows.
    """
    answers = _surplus(_rows(engine, _not_due(placement, before)))
    watches = _surplus(_rows(engine, _watches(placement, before)))
    watches = sorted(set(watches) - _referred_to(engine, placement, before))
    runs = _runs_without_figures(engine, placement, before)
    wanted = [(decision.c.id, answers), (watch.c.watch_no, watches)]
    wanted += [(metric.c.run_no, runs), (realised.c.run_no, runs)]
    return sum(_remove(engine, key, numbers, dry_run) for key, numbers in wanted)


def _surplus(rows: Iterable[Dated]) -> list[int]:
    """Return the keys of all rows of a day but the last one; days are those of UTC."""
    last: dict[Hashable, int] = {}
    surplus = []
    for key, at in rows:
        day = at.date()
        if day in last:
            surplus.append(last[day])
        last[day] = key
    return surplus


def _not_due(placement: str, before: datetime) -> Select[Any]:
    is_old = (decision.c.placement == placement) & (decision.c.at < before)
    wanted = select(decision.c.id, decision.c.at).where(is_old, ~decision.c.due)
    return wanted.order_by(decision.c.id)


def _watches(placement: str, before: datetime) -> Select[Any]:
    is_old = (watch.c.placement == placement) & (watch.c.at < before)
    return select(watch.c.watch_no, watch.c.at).where(is_old).order_by(watch.c.watch_no)


def _referred_to(engine: Engine, placement: str, before: datetime) -> set[int]:
    """Return the old watches that rows of other tables point to."""
    old = select(watch.c.watch_no).where(watch.c.placement == placement, watch.c.at < before)
    numbers: set[int] = set()
    with engine.connect() as connection:
        for column in (watch_figure.c.watch_no, realised.c.watch_no, alert.c.watch_no):
            statement = select(column).where(column.in_(old)).distinct()
            numbers.update(connection.execute(statement).scalars())
    return numbers


def _runs_without_figures(engine: Engine, placement: str, before: datetime) -> list[int]:
    """Return deleted runs whose figures go."""
    was_shown = run.c.run_no.in_(
        select(slot_move.c.to_run_no).where(
            slot_move.c.placement == placement, slot_move.c.to_run_no.is_not(None)
        )
    )
    is_old = (run.c.placement == placement) & (run.c.created_at < before)
    has_ended = run.c.status.in_(("ready", "rejected", "deleted"))
    # The one that stays comes last.
    ended = (
        select(run.c.run_no, run.c.created_at)
        .where(is_old, has_ended, run.c.kind != BACKFILL)
        .order_by(was_shown, run.c.run_no)
    )
    gone = select(run.c.run_no).where(is_old, run.c.status == "deleted")
    surplus = _surplus(_rows(engine, ended))
    with engine.connect() as connection:
        return sorted(set(surplus) & set(connection.execute(gone).scalars()))


def _rows(engine: Engine, statement: Select[Any]) -> Sequence[Dated]:
    with engine.connect() as connection:
        return [(row[0], row[1]) for row in connection.execute(statement)]


def _remove(engine: Engine, key: Column[int], numbers: Sequence[int], dry_run: bool) -> int:
    """Delete rows by their key, or count them; nothing is locked where there are none."""
    n_rows = 0
    parts = [numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)]
    for some in parts:
        is_surplus = key.in_(some)
        with engine.connect() as connection:
            count = select(func.count()).select_from(key.table).where(is_surplus)
            n_rows += int(connection.execute(count).scalar_one())
    if dry_run or not n_rows:
        return n_rows
    for some in parts:
        with writing(engine) as connection:
            connection.execute(delete(key.table).where(key.in_(some)))
    return n_rows
