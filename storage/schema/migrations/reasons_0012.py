"""Reasons as one row a user, and the view that shows a row for each of them."""

from alembic import op
from sqlalchemy import text

REASON = ("item_id", "source", "source_rank", "reason", "detail", "gain")
"""Places of a reason's array."""
_VIEW = {
    "postgresql": """
CREATE VIEW explanation AS
SELECT e.run_no, e.user_id, (r.value ->> 0) COLLATE "C" AS item_id, r.value ->> 1 AS source,
    CAST(r.value ->> 2 AS integer) AS source_rank, r.value ->> 3 AS reason,
    r.value ->> 4 AS detail, CAST(r.value ->> 5 AS real) AS gain
FROM explained_user e CROSS JOIN LATERAL json_array_elements(e.reasons -> 'rows') AS r(value)
""",
    # CAST gives the columns the affinity of their types, by which ids compare as text.
    "sqlite": """
CREATE VIEW explanation AS
SELECT e.run_no, e.user_id, CAST(json_extract(r.value, '$[0]') AS TEXT) AS item_id,
    json_extract(r.value, '$[1]') AS source,
    CAST(json_extract(r.value, '$[2]') AS INTEGER) AS source_rank,
    json_extract(r.value, '$[3]') AS reason, json_extract(r.value, '$[4]') AS detail,
    CAST(json_extract(r.value, '$[5]') AS REAL) AS gain
FROM explained_user e, json_each(e.reasons, '$.rows') AS r
""",
}
# Reasons keep the order in which they were written, the strongest first.
_MOVE = {
    "postgresql": f"""
INSERT INTO explained_user (run_no, user_id, reasons)
SELECT run_no, user_id,
    json_build_object('rows', json_agg(json_build_array({", ".join(REASON)}) ORDER BY ctid))
FROM explanation_rows GROUP BY run_no, user_id
""",
    "sqlite": f"""
INSERT INTO explained_user (run_no, user_id, reasons)
SELECT run_no, user_id,
    json_object('rows', json_group_array(json_array({", ".join(REASON)})))
FROM (SELECT * FROM explanation_rows ORDER BY rowid) GROUP BY run_no, user_id
""",
}
_READERS = """
SELECT DISTINCT quote_ident(grantee) FROM information_schema.role_table_grants
WHERE table_schema = current_schema() AND table_name = 'explanation_rows'
    AND privilege_type = 'SELECT' AND grantee <> grantor AND grantee <> 'PUBLIC'
"""


def replace_explanations(dialect: str) -> None:
    """Move the rows of `explanation_rows` to `explained_user`, and show them as they were.

    Whoever was granted to read the table may read the view.

    Args:
        dialect: name of the database.
    """
    connection = op.get_bind()
    op.execute(_MOVE[dialect])
    readers = []
    if dialect == "postgresql":
        readers = list(connection.execute(text(_READERS)).scalars())
    op.drop_table("explanation_rows")
    op.execute(_VIEW[dialect])
    for reader in readers:
        op.execute(f"GRANT SELECT ON explanation TO {reader}")
