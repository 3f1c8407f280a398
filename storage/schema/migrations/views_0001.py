"""The views of revision 0001.

Ranks close up by `row_number()` over what is left of a user's rows, cut to the run's `list_size`.
The window is partitioned by placement, slot and user, so that both databases push a reader's `where
placement = ? and user_id = ?` below it and read one user's rows by primary key; tests hold the
plans to that.

The condition for an active block is the only part that the two databases spell differently. SQLite
stores times as text: `julianday` reads them however a person wrote them (`2026-11-24`,
`2026-11-24T08:00:00+08:00`).
"""

from alembic import op

_ACTIVE = {
    "postgresql": "(b.starts_at IS NULL OR b.starts_at <= now())"
    " AND (b.until IS NULL OR b.until > now())",
    "sqlite": "(b.starts_at IS NULL OR julianday(b.starts_at) <= julianday('now'))"
    " AND (b.until IS NULL OR julianday(b.until) > julianday('now'))",
}

_SLOTS = """
CREATE VIEW slot_recommendations AS
SELECT user_id, item_id, rank, score, run_id, published_at, as_of, route, placement, slot
FROM (
    SELECT r.user_id, r.item_id,
        CAST(
            row_number() OVER (PARTITION BY s.placement, s.name, r.user_id ORDER BY r.rank)
            AS integer) AS rank,
        r.score, run.run_id, s.changed_at AS published_at, run.as_of, u.route, s.placement,
        s.name AS slot, run.list_size
    FROM slot s
    JOIN run ON run.run_no = s.run_no
    JOIN recommendation r ON r.run_no = s.run_no
    LEFT JOIN served_user u ON u.run_no = s.run_no AND u.user_id = r.user_id
    WHERE NOT EXISTS (
            SELECT 1 FROM blocked_item b
            WHERE b.placement = s.placement AND b.item_id = r.item_id AND b.user_id IS NULL
                AND {active})
        AND NOT EXISTS (
            SELECT 1 FROM blocked_item b
            WHERE b.placement = s.placement AND b.item_id = r.item_id AND b.user_id = r.user_id
                AND {active})
) listed
WHERE rank <= list_size
"""

_CURRENT = """
CREATE VIEW current_recommendations AS
SELECT user_id, item_id, rank, score, run_id, published_at, as_of, route, placement
FROM slot_recommendations
WHERE slot = 'live'
"""

_FALLBACK = """
CREATE VIEW current_fallback AS
SELECT segment, item_id, rank, score, run_id, placement
FROM (
    SELECT f.segment, f.item_id,
        CAST(
            row_number() OVER (PARTITION BY s.placement, f.segment ORDER BY f.rank)
            AS integer) AS rank,
        f.score, run.run_id, s.placement, run.list_size
    FROM slot s
    JOIN run ON run.run_no = s.run_no
    JOIN fallback f ON f.run_no = s.run_no
    WHERE s.name = 'live' AND NOT EXISTS (
            SELECT 1 FROM blocked_item b
            WHERE b.placement = s.placement AND b.item_id = f.item_id AND b.user_id IS NULL
                AND {active})
) listed
WHERE rank <= list_size
"""


def create_views(dialect: str) -> None:
    """Create the three views.

    Args:
        dialect: `sqlite` or `postgresql`.
    """
    for statement in (_SLOTS, _CURRENT, _FALLBACK):
        op.execute(statement.format(active=_ACTIVE[dialect]))
