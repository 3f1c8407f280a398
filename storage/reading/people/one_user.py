"""How runs serve one user, where their items stand, what is blocked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Engine, Text, bindparam, case, select, text

from storage.reading.blocked_items import active_blocks
from storage.reading.row_frames import as_frame
from storage.schema.tables import recommendation, run, served_user

HOLDING = ("ready", "rejected")
"""Statuses of runs whose lists stand in SQL."""
_RANKS = {"run_no": pl.Int32, "item_id": pl.String, "rank": pl.Int32}
_BLOCKS = """
SELECT item_id, user_id IS NOT NULL AS is_personal, CAST(starts_at AS text) AS starts_at,
    CAST(until AS text) AS until, reason, "by", CASE WHEN {active} THEN 1 ELSE 0 END AS is_active
FROM blocked_item
WHERE placement = :placement
    AND (user_id = :user_id OR (user_id IS NULL AND item_id IN :items))
ORDER BY id DESC
LIMIT :most
"""


@dataclass(frozen=True)
class ServedUser:
    """How a run serves a user.

    Attributes:
        route: `warm`, `sparse` or `cold`.
        segment: whose fallback stands in for their list; None for that of everyone.
    """

    route: str
    segment: str | None


@dataclass(frozen=True)
class RetainedRun:
    """A run whose lists stand in SQL.

    Attributes:
        run_no: number inside this database.
        run_id: outside name.
        as_of: up to when it knew data; None where the data has no times.
        status: `ready` or `rejected`.
        method: that made its lists.
        list_size: how long its lists are shown.
        n_lists: users with lists; None where its manifest does not say.
    """

    run_no: int
    run_id: str
    as_of: datetime | None
    status: str
    method: str | None
    list_size: int | None
    n_lists: int | None


@dataclass(frozen=True)
class BlockRow:
    """A row of `blocked_item`; times are texts, since people write them by hand.

    Attributes:
        is_personal: it is for one user and not for everyone.
        is_active: it hides the item now.
    """

    item_id: str
    is_personal: bool
    starts_at: str | None
    until: str | None
    reason: str | None
    by: str | None
    is_active: bool


def served_as(engine: Engine, run_no: int, user: str) -> ServedUser | None:
    """Return how a run serves a user.

    Args:
        engine: from `connect`.
        run_no: the run.
        user: outside id.

    Returns:
        Route and segment; None for a user whom the run does not know.
    """
    this_user = (served_user.c.run_no == run_no) & (served_user.c.user_id == user)
    statement = select(served_user.c.route, served_user.c.segment).where(this_user)
    with engine.connect() as connection:
        row = connection.execute(statement).one_or_none()
    return None if row is None else ServedUser(*row)


def example_users(engine: Engine, run_no: int, route: str, most: int) -> list[str]:
    """Return some users whom a run serves by a route, the first by id.

    Args:
        engine: from `connect`.
        run_no: the run.
        route: `warm`, `sparse` or `cold`.
        most: how many at most.
    """
    of_route = (served_user.c.run_no == run_no) & (served_user.c.route == route)
    statement = select(served_user.c.user_id).where(of_route)
    with engine.connect() as connection:
        rows = connection.execute(statement.order_by(served_user.c.user_id).limit(most))
        return list(rows.scalars())


def retained_runs(
    engine: Engine, placement: str, most: int, live: int | None = None
) -> list[RetainedRun]:
    """Return the newest runs of a placement whose lists stand in SQL, newest first.

    Args:
        engine: from `connect`.
        placement: whose runs.
        most: how many at most.
        live: number of a run that is one of them, however old it is; None for none.
    """
    names = ("run_no", "run_id", "as_of", "status", "method", "list_size")
    # Of the manifest, which is long, one number alone.
    n_lists = run.c.manifest["lists"]["users"].as_integer()
    columns = [*(run.c[name] for name in names), n_lists]
    holding = (run.c.placement == placement) & run.c.status.in_(HOLDING)
    is_live = case((run.c.run_no == live, 1), else_=0)
    ordered = select(*columns).where(holding).order_by(is_live.desc(), run.c.run_no.desc())
    with engine.connect() as connection:
        runs = [RetainedRun(*row) for row in connection.execute(ordered.limit(most))]
    return sorted(runs, key=lambda one: -one.run_no)


def ranks_in_runs(engine: Engine, run_nos: Collection[int], user: str, top: int) -> pl.DataFrame:
    """Return where items stand in a user's lists of several runs, blocks not applied.

    Args:
        engine: from `connect`.
        run_nos: the runs, a few.
        user: outside id.
        top: ranks up to this.

    Returns:
        run_no, item_id, rank; by run and rank.
    """
    table = recommendation
    # A run a step: on both databases each is a look-up by the key, and one partition.
    frames = []
    with engine.connect() as connection:
        for run_no in sorted(run_nos):
            of_list = (table.c.run_no == run_no) & (table.c.user_id == user) & (table.c.rank <= top)
            statement = select(table.c.run_no, table.c.item_id, table.c.rank).where(of_list)
            rows = connection.execute(statement.order_by(table.c.rank)).mappings()
            frames.append(as_frame(rows, _RANKS))
    return pl.concat([pl.DataFrame(schema=_RANKS), *frames])


def blocks_touching(
    engine: Engine, placement: str, user: str, items: Sequence[str], most: int
) -> list[BlockRow]:
    """Return the blocks that concern a user: their own, and those of everyone on their items.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        user: outside id.
        items: of their list.
        most: how many at most.

    Returns:
        The newest first; also blocks that are over, or have not begun.
    """
    statement = text(_BLOCKS.format(active=active_blocks(engine)))
    statement = statement.bindparams(bindparam("items", type_=Text, expanding=True))
    values = {"placement": placement, "user_id": user, "items": list(items), "most": most}
    with engine.connect() as connection:
        rows = connection.execute(statement, values).mappings()
        return [
            BlockRow(**{**row, **{key: bool(row[key]) for key in ("is_personal", "is_active")}})
            for row in rows
        ]
