"""The view of revision 0008: whatever a statement asks, the plan reads the lists of one run.

Nothing stands between a reader's conditions and the table of lists: no window, no group. A join
with a table of the reader's own goes by the key, user by user, as a constant does. The rank of a
row is its rank as it was made, less the hidden rows above it, and those are looked for only where
there are blocks.

PostgreSQL prunes a partition as it plans only by a constant, and the pointer is a row of `slot`.
`= ANY (ARRAY[slot.run_no])` is an equality that it can neither hash nor merge, which leaves one
join: for each slot, the partition that the slot names, picked as the statement runs. The second
condition says the same, and only tells the planner that this is less than the whole table.
docs/decisions/0023 has the alternatives and the figures.
"""

from alembic import op

_ACTIVE = {
    "postgresql": "(b.starts_at IS NULL OR b.starts_at <= now())"
    " AND (b.until IS NULL OR b.until > now())",
    "sqlite": "(b.starts_at IS NULL OR julianday(b.starts_at) <= julianday('now'))"
    " AND (b.until IS NULL OR julianday(b.until) > julianday('now'))",
}

_HAS_BLOCKS = "(SELECT min(b.id) FROM blocked_item b) IS NOT NULL"
"""A step into an index, once a statement: ended blocks may be many."""
_ROUTE = "(SELECT u.route FROM served_user u WHERE u.run_no = s.run_no AND u.user_id = r.user_id)"

# SQLite's CROSS JOIN keeps the tables in the order as written.
_SQLITE = """
CREATE VIEW slot_recommendations AS
SELECT r.user_id, r.item_id, {rank} AS rank, r.score, run.run_id, s.changed_at AS published_at,
    run.as_of, {route} AS route, s.placement, s.name AS slot
FROM slot s
CROSS JOIN run ON run.run_no = s.run_no
CROSS JOIN recommendation r ON r.run_no = s.run_no
WHERE CASE WHEN {has_blocks} THEN NOT {hides_row} AND {rank} <= run.list_size
    ELSE r.rank <= run.list_size END
"""
_SQLITE_RANK = """
    CAST(r.rank - CASE WHEN {has_blocks} THEN (
        SELECT count(*) FROM recommendation h
        WHERE h.run_no = s.run_no AND h.user_id = r.user_id AND h.rank < r.rank AND {hides_above})
    ELSE 0 END AS integer)"""

_POSTGRES = """
CREATE OR REPLACE VIEW slot_recommendations AS
SELECT r.user_id, r.item_id, {rank} AS rank, r.score, run.run_id, s.changed_at AS published_at,
    run.as_of, {route} AS route, s.placement, s.name AS slot
FROM slot s
JOIN run ON run.run_no = s.run_no
JOIN recommendation r ON r.run_no = ANY (ARRAY[s.run_no]) AND r.run_no >= s.run_no
    AND ({has_blocks} OR r.rank <= run.list_size)
CROSS JOIN LATERAL (
    SELECT CASE WHEN {has_blocks} THEN hidden_ranks(r.run_no, r.user_id) END AS ranks
    OFFSET 0) hidden
WHERE CASE WHEN hidden.ranks IS NULL THEN r.rank <= run.list_size
    ELSE r.rank <> ALL (hidden.ranks) AND {rank} <= run.list_size END
"""
_POSTGRES_RANK = """
    r.rank - CASE WHEN hidden.ranks IS NULL THEN 0 ELSE CAST(
        (SELECT count(*) FROM unnest(hidden.ranks) above WHERE above < r.rank)
    AS integer) END"""
# A function has a price that we name; the same words inside the view cost the planner milliseconds
# in every statement. It is dear enough for the planner to keep what it returned for a user while
# it goes through their rows. It runs with the rights of the owner, so that a reader of the views
# needs none on the tables, and no reader's search_path leads it elsewhere. One plan for all calls:
# a plan of its own each would cost more than it saves. Scans are off, so that each look is a step
# into an index, also where a table is small.
_FUNCTION = """
CREATE FUNCTION hidden_ranks(of_run integer, reader text)
RETURNS integer[] LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER COST 10000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
DECLARE
    place text;
    items text[];
    hidden text[];
BEGIN
    SELECT placement INTO place FROM {schema}.run WHERE run_no = of_run;
    items := ARRAY(
        SELECT r.item_id FROM {schema}.recommendation r
        WHERE r.run_no = of_run AND r.user_id = reader);
    hidden := ARRAY(
        SELECT b.item_id FROM {schema}.blocked_item b
        WHERE b.placement = place AND b.item_id = ANY (items) AND b.user_id IS NULL AND {active}
        UNION ALL
        SELECT b.item_id FROM {schema}.blocked_item b
        WHERE b.placement = place AND b.item_id = ANY (items) AND b.user_id = reader AND {active});
    IF cardinality(hidden) = 0 THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT array_agg(r.rank) FROM {schema}.recommendation r
        WHERE r.run_no = of_run AND r.user_id = reader AND r.item_id = ANY (hidden));
END $$
"""
_HIDES = """(
        EXISTS (
            SELECT 1 FROM blocked_item b
            WHERE b.placement = s.placement AND b.item_id = {row}.item_id AND b.user_id IS NULL
                AND {active})
        OR EXISTS (
            SELECT 1 FROM blocked_item b
            WHERE b.placement = s.placement AND b.item_id = {row}.item_id
                AND b.user_id = {row}.user_id AND {active}))"""


def replace_slot_view(dialect: str) -> None:
    """Replace `slot_recommendations`, which `current_recommendations` reads.

    On PostgreSQL it keeps who may read it.

    Args:
        dialect: `sqlite` or `postgresql`.
    """
    active = _ACTIVE[dialect]
    names = {"has_blocks": _HAS_BLOCKS, "route": _ROUTE}
    if dialect == "postgresql":
        schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
        op.execute(_FUNCTION.format(active=active, schema=schema))
        op.execute(_POSTGRES.format(rank=_POSTGRES_RANK, **names))
        return
    hides_above = _HIDES.format(row="h", active=active)
    rank = _SQLITE_RANK.format(hides_above=hides_above, has_blocks=_HAS_BLOCKS)
    op.execute("DROP VIEW slot_recommendations")
    hides_row = _HIDES.format(row="r", active=active)
    op.execute(_SQLITE.format(rank=rank, hides_row=hides_row, **names))
