"""The lists of a run as they lie in SQL, counted: what holds, what is broken, and who is an example of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from storage.reading.blocked_items import active_blocks
from storage.schema.row_objects import RunRow

EXAMPLES = 3
RANKS, TWICE, FINITE, FALLING, BLOCKED = (
    "ranks run from 1",
    "no item twice",
    "scores are finite",
    "scores do not rise with rank",
    "the reserve covers what is blocked",
)
_BROKEN = {
    RANKS: "lowest <> 1 OR highest <> n",
    TWICE: "items <> n",
    FINITE: "infinite > 0",
    FALLING: "rising > 0",
    BLOCKED: "hidden > 0 AND n - hidden < :size",
}
_LISTS = """
WITH blocked AS (
    SELECT item_id, user_id FROM blocked_item WHERE placement = :placement AND {active}
),
listed AS (
    SELECT user_id, rank, item_id, score, lag(score) OVER (PARTITION BY user_id ORDER BY rank) AS above,
        CASE WHEN item_id IN (SELECT item_id FROM blocked WHERE user_id IS NULL)
            OR (user_id, item_id) IN (SELECT user_id, item_id FROM blocked WHERE user_id IS NOT NULL)
            THEN 1 ELSE 0 END AS hidden
    FROM recommendation
    WHERE run_no = :run_no
),
list AS (
    SELECT user_id, count(*) AS n, min(rank) AS lowest, max(rank) AS highest, count(DISTINCT item_id) AS items,
        sum(CASE WHEN score > above THEN 1 ELSE 0 END) AS rising,
        sum(CASE WHEN abs(score) < 3.5e38 THEN 0 ELSE 1 END) AS infinite,
        sum(hidden) AS hidden
    FROM listed
    GROUP BY user_id
)
"""
_COUNTS = (
    _LISTS
    + """
SELECT count(*) AS users, coalesce(sum(n), 0) AS row_count, {sums},
    coalesce(sum(CASE WHEN n >= :size THEN 1 ELSE 0 END), 0) AS whole,
    (SELECT count(*) FROM served_user WHERE run_no = :run_no AND route <> 'cold') AS served,
    (SELECT count(*) FROM fallback WHERE run_no = :run_no AND segment = 'all') AS fallback
FROM list
"""
)
_USERS = _LISTS + "SELECT user_id FROM list WHERE {broken} ORDER BY user_id LIMIT :limit"
_ROWS = """
SELECT (SELECT count(*) FROM recommendation WHERE run_no = :run_no) AS row_count,
    (SELECT count(*) FROM served_user WHERE run_no = :run_no AND route <> 'cold') AS served
"""
_DIFFERENT = (
    "SELECT count(DISTINCT item_id) FROM recommendation WHERE run_no = :run_no AND rank <= :depth"
)
_ITEMS = """
SELECT item_id, count(*) AS n
FROM (
    SELECT item_id FROM recommendation WHERE run_no = :run_no
    UNION ALL
    SELECT item_id FROM fallback WHERE run_no = :run_no
) listed
WHERE item_id NOT IN (SELECT item_id FROM blocked_item WHERE placement = :placement AND user_id IS NULL AND {active})
GROUP BY item_id
"""
_CHURN = """
WITH before AS (
    SELECT user_id, count(*) AS n FROM recommendation WHERE run_no = :old AND rank <= :depth GROUP BY user_id
),
after AS (
    SELECT user_id, count(*) AS n FROM recommendation WHERE run_no = :new AND rank <= :depth GROUP BY user_id
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

    `users` have a list, of `row_count` rows in all, and those of `whole` users fill `list_size`.
    `served` users have a history and so should have one; `fallback` rows serve everyone else.
    `broken` counts the users whose list breaks a condition.
    """

    users: int
    row_count: int
    whole: int
    served: int
    fallback: int
    broken: dict[str, int]


def count_lists(engine: Engine, run: RunRow) -> ListCounts:
    """Count over the lists of a run, as its placement's blocks leave them now. Reads every row of the run once."""
    sums = ", ".join(
        f"coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS broken_{number}"
        for number, condition in enumerate(_BROKEN.values())
    )
    with engine.connect() as connection:
        statement = _COUNTS.format(active=active_blocks(engine), sums=sums)
        row = connection.execute(text(statement), _values(run)).mappings().one()
    counts = {
        name: int(row[name]) for name in ("users", "row_count", "whole", "served", "fallback")
    }
    return ListCounts(
        **counts, broken={name: int(row[f"broken_{number}"]) for number, name in enumerate(_BROKEN)}
    )


def broken_users(engine: Engine, run: RunRow, name: str) -> list[str]:
    """Give a few users, by outside id, whose list breaks the condition `name`."""
    with engine.connect() as connection:
        statement = _USERS.format(active=active_blocks(engine), broken=_BROKEN[name])
        return list(
            connection.execute(text(statement), _values(run) | {"limit": EXAMPLES}).scalars()
        )


def row_counts(engine: Engine, run_no: int) -> tuple[int, int]:
    """Give a run's number of list rows, and of users with a history."""
    with engine.connect() as connection:
        row = connection.execute(text(_ROWS), {"run_no": run_no}).one()
    return int(row.row_count), int(row.served)


def distinct_items(engine: Engine, run_no: int, depth: int) -> int:
    """Give how many different items a run's lists hold in their first `depth` places."""
    with engine.connect() as connection:
        return _count(connection, _DIFFERENT, {"run_no": run_no, "depth": depth})


def item_rows(engine: Engine, run: RunRow) -> dict[str, int]:
    """Give in how many rows of a run's lists and fallback each item stands, those blocked for everyone now left out."""
    with engine.connect() as connection:
        rows = connection.execute(text(_ITEMS.format(active=active_blocks(engine))), _values(run))
        return {row.item_id: int(row.n) for row in rows}


def churn(engine: Engine, old: int, new: int, depth: int) -> tuple[int, float | None]:
    """Give the users whom two runs serve, and 1 - their mean Jaccard of the first `depth` places; None without any."""
    with engine.connect() as connection:
        row = connection.execute(text(_CHURN), {"old": old, "new": new, "depth": depth}).one()
    return int(row.users), None if row.churn is None else float(row.churn)


def _count(connection: Connection, statement: str, values: dict[str, Any]) -> int:
    return int(connection.execute(text(statement), values).scalar_one())


def _values(run: RunRow) -> dict[str, Any]:
    return {"run_no": run.run_no, "placement": run.placement, "size": run.list_size}
