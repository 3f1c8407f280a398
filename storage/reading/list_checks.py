"""Checks of a run's lists as they lie in SQL: counts, broken lists, churn against another run."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from storage.reading.blocked_items import active_blocks
from storage.schema.row_objects import RunRow

EXAMPLES = 3
"""Users named for a broken condition: enough to look at."""

# The conditions, by the names that people read.
RANKS = "ranks run from 1"
TWICE = "no item twice"
FINITE = "scores are finite"
FALLING = "scores do not rise with rank"
BLOCKED = "the reserve covers what is blocked"

_BROKEN = {
    RANKS: "lowest <> 1 OR highest <> n",
    TWICE: "items <> n",
    FINITE: "infinite > 0",
    FALLING: "rising > 0",
    BLOCKED: "hidden > 0 AND n - hidden < :size",
}
"""SQL that holds for a list that breaks a condition, over the columns of `list` in `_LISTS`."""

# One row a list. NaN and infinities are not below the largest float32, 3.4e38.
_LISTS = """
WITH blocked AS (
    SELECT item_id, user_id FROM blocked_item WHERE placement = :placement AND {active}
),
listed AS (
    SELECT user_id, rank, item_id, score,
        lag(score) OVER (PARTITION BY user_id ORDER BY rank) AS above,
        CASE WHEN item_id IN (SELECT item_id FROM blocked WHERE user_id IS NULL)
            OR (user_id, item_id) IN (
                SELECT user_id, item_id FROM blocked WHERE user_id IS NOT NULL)
            THEN 1 ELSE 0 END AS hidden
    FROM recommendation
    WHERE run_no = :run_no
),
list AS (
    SELECT user_id, count(*) AS n, min(rank) AS lowest, max(rank) AS highest,
        count(DISTINCT item_id) AS items,
        sum(CASE WHEN score > above THEN 1 ELSE 0 END) AS rising,
        sum(CASE WHEN abs(score) < 3.5e38 THEN 0 ELSE 1 END) AS infinite,
        sum(hidden) AS hidden
    FROM listed
    GROUP BY user_id
)
"""
# Users on route `cold` have no history, and get a fallback instead of a list, unless attributes
# give them one: then it must be as whole as all others.
_COUNTS = (
    _LISTS
    + """
SELECT count(*) AS users, coalesce(sum(n), 0) AS row_count, {sums},
    coalesce(sum(CASE WHEN n >= :size THEN 1 ELSE 0 END), 0) AS whole,
    (SELECT count(*) FROM served_user WHERE run_no = :run_no AND route <> 'cold')
        + (SELECT count(*) FROM list JOIN served_user s ON s.user_id = list.user_id
            WHERE s.run_no = :run_no AND s.route = 'cold') AS served,
    (SELECT count(*) FROM fallback WHERE run_no = :run_no AND segment = 'all') AS fallback
FROM list
"""
)
_USERS = _LISTS + "SELECT user_id FROM list WHERE {broken} ORDER BY user_id LIMIT :limit"
# Lists from attributes come and go all at once, as the verdict on them does.
_COLD_ROWS = """(
    SELECT count(*) FROM served_user s
    JOIN recommendation r ON r.run_no = s.run_no AND r.user_id = s.user_id
    WHERE s.run_no = :run_no AND s.route = 'cold')
"""
_ROWS = f"""
SELECT (SELECT count(*) FROM recommendation WHERE run_no = :run_no) - {_COLD_ROWS} AS row_count,
    (SELECT count(*) FROM served_user WHERE run_no = :run_no AND route <> 'cold') AS served
"""
_DISTINCT = (
    "SELECT count(DISTINCT item_id) FROM recommendation WHERE run_no = :run_no AND rank <= :depth"
)
# Rows by item, without those that the views hide from everyone.
_ITEMS = """
SELECT item_id, count(*) AS n
FROM (
    SELECT item_id FROM recommendation WHERE run_no = :run_no
    UNION ALL
    SELECT item_id FROM fallback WHERE run_no = :run_no
) listed
WHERE item_id NOT IN (
    SELECT item_id FROM blocked_item
    WHERE placement = :placement AND user_id IS NULL AND {active})
GROUP BY item_id
"""
# Churn of a user: 1 - |shared| / |union| of the items of two lists.
_CHURN = """
WITH before AS (
    SELECT user_id, count(*) AS n FROM recommendation
    WHERE run_no = :old AND rank <= :depth GROUP BY user_id
),
after AS (
    SELECT user_id, count(*) AS n FROM recommendation
    WHERE run_no = :new AND rank <= :depth GROUP BY user_id
),
shared AS (
    SELECT a.user_id, count(*) AS n
    FROM recommendation a
    JOIN recommendation b ON b.user_id = a.user_id AND b.item_id = a.item_id
    WHERE a.run_no = :old AND b.run_no = :new AND a.rank <= :depth AND b.rank <= :depth
    GROUP BY a.user_id
)
SELECT count(*) AS users,
    1 - avg(coalesce(shared.n, 0) * 1.0 / (before.n + after.n - coalesce(shared.n, 0))) AS churn
FROM before
JOIN after ON after.user_id = before.user_id
LEFT JOIN shared ON shared.user_id = before.user_id
"""


@dataclass(frozen=True)
class ListCounts:
    """Counts over a run's stored lists.

    Attributes:
        users: with a list.
        row_count: rows of their lists.
        whole: users whose list fills the run's `list_size`.
        served: users who should have a list: those with a history, and those without one who
            have one from attributes.
        fallback: rows of the fallback `all`, which serves everyone else.
        broken: by condition, the users whose list breaks it.
    """

    users: int
    row_count: int
    whole: int
    served: int
    fallback: int
    broken: dict[str, int]


def count_lists(engine: Engine, run: RunRow) -> ListCounts:
    """Count over the lists of a run, as the blocks of its placement leave them now.

    Every row of the run is read once.

    Args:
        engine: from `connect`.
        run: the run.
    """
    # Columns are numbered, since the names of conditions are no names of SQL.
    counted = [
        f"coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS broken_{number}"
        for number, condition in enumerate(_BROKEN.values())
    ]
    statement = _COUNTS.format(active=active_blocks(engine), sums=", ".join(counted))
    with engine.connect() as connection:
        counted_lists = connection.execute(text(statement), _parameters(run))
        row = counted_lists.mappings().one()
    broken = {name: int(row[f"broken_{number}"]) for number, name in enumerate(_BROKEN)}
    names = ("users", "row_count", "whole", "served", "fallback")
    counts = {name: int(row[name]) for name in names}
    return ListCounts(**counts, broken=broken)


def broken_users(engine: Engine, run: RunRow, name: str) -> list[str]:
    """Return a few users whose list breaks a condition.

    Args:
        engine: from `connect`.
        run: the run.
        name: the condition, a key of `ListCounts.broken`.

    Returns:
        Outside ids, `EXAMPLES` at most.
    """
    statement = _USERS.format(active=active_blocks(engine), broken=_BROKEN[name])
    parameters = _parameters(run) | {"limit": EXAMPLES}
    with engine.connect() as connection:
        users = connection.execute(text(statement), parameters).scalars()
        return list(users)


def row_counts(engine: Engine, run_no: int) -> tuple[int, int]:
    """Return the number of list rows of a run's users with a history, and of these users.

    Args:
        engine: from `connect`.
        run_no: the run.
    """
    with engine.connect() as connection:
        row = connection.execute(text(_ROWS), {"run_no": run_no}).one()
    return int(row.row_count), int(row.served)


def distinct_items(engine: Engine, run_no: int, depth: int) -> int:
    """Return how many different items a run's lists hold.

    Args:
        engine: from `connect`.
        run_no: the run.
        depth: places of a list that are looked at.
    """
    with engine.connect() as connection:
        count = connection.execute(text(_DISTINCT), {"run_no": run_no, "depth": depth})
        return int(count.scalar_one())


def item_rows(engine: Engine, run: RunRow) -> dict[str, int]:
    """Return in how many rows of a run's lists and fallback each item stands.

    Items that are blocked for everyone now are left out.

    Args:
        engine: from `connect`.
        run: the run.

    Returns:
        Number of rows by item.
    """
    statement = text(_ITEMS.format(active=active_blocks(engine)))
    with engine.connect() as connection:
        rows = connection.execute(statement, _parameters(run))
        return {row.item_id: int(row.n) for row in rows}


def churn(engine: Engine, old: int, new: int, depth: int) -> tuple[int, float | None]:
    """Return how much lists change from one run to another.

    Args:
        engine: from `connect`.
        old: number of the earlier run.
        new: number of the later run.
        depth: places of a list that are looked at.

    Returns:
        The number of users whom both runs serve, and 1 - the mean Jaccard similarity of their
        lists; None without such users.
    """
    with engine.connect() as connection:
        row = connection.execute(text(_CHURN), {"old": old, "new": new, "depth": depth}).one()
    change = None if row.churn is None else float(row.churn)
    return int(row.users), change


def _parameters(run: RunRow) -> dict[str, Any]:
    return {"run_no": run.run_no, "placement": run.placement, "size": run.list_size}
