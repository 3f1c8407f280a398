"""Views of runs, for analysts: one row a run, and its figures in long form."""

from alembic import op

_ROWS = {
    "postgresql": "CAST(run.manifest -> 'tables' -> 'recommendation' ->> 'rows' AS bigint)",
    "sqlite": "json_extract(run.manifest, '$.tables.recommendation.rows')",
}
"""Rows of lists as they were loaded: counting them would read every list of every run."""
_SECONDS = {
    "postgresql": "CAST(extract(epoch FROM run.finished_at - run.created_at) AS double precision)",
    "sqlite": "(julianday(run.finished_at) - julianday(run.created_at)) * 86400.0",
}
# The best source has the name that sorts first among equals, so that the row is the same each time.
_OVERVIEW = """
CREATE VIEW run_overview AS
SELECT run.run_id, run.placement, run.status, run.created_at, run.finished_at,
    {seconds} AS seconds,
    (SELECT min(m.at) FROM slot_move m
        WHERE m.placement = run.placement AND m.name = 'live' AND m.to_run_no = run.run_no
    ) AS published_at,
    (SELECT s.changed_at FROM slot s
        WHERE s.placement = run.placement AND s.name = 'live' AND s.run_no = run.run_no
    ) AS live_since,
    run.method, run.as_of, chosen.value AS ndcg, chosen.low AS ndcg_low, chosen.high AS ndcg_high,
    best.subject AS best_source, best.value AS best_source_ndcg,
    run.list_size, {list_rows} AS list_rows, churn.value AS churn,
    (SELECT count(*) FROM alert a WHERE a.run_no = run.run_no AND a.state <> 'resolved'
    ) AS alerts, run.run_no
FROM run
LEFT JOIN metric chosen ON chosen.run_no = run.run_no AND chosen.subject = run.method
    AND chosen.segment = 'all' AND chosen.name = 'ndcg' AND chosen.k = 10
LEFT JOIN metric best ON best.run_no = run.run_no AND best.segment = 'all' AND best.name = 'ndcg'
    AND best.k = 10 AND best.subject = (
        SELECT m.subject FROM metric m
        WHERE m.run_no = run.run_no AND m.segment = 'all' AND m.name = 'ndcg' AND m.k = 10
            AND m.subject NOT IN ('ranker', 'blend', 'random') AND m.value IS NOT NULL
        ORDER BY m.value DESC, m.subject LIMIT 1)
LEFT JOIN metric churn ON churn.run_no = run.run_no AND churn.subject = 'lists'
    AND churn.segment = 'all' AND churn.name = 'churn' AND churn.k = 10
"""
_METRIC = """
CREATE VIEW run_metric AS
SELECT run.run_id, run.placement, m.subject, m.name, m.segment, m.k, m.value, m.low, m.high,
    run.created_at, run.as_of, run.run_no
FROM metric m
JOIN run ON run.run_no = m.run_no
"""


def create_run_views(dialect: str) -> None:
    """Create `run_overview` and `run_metric`.

    Args:
        dialect: `sqlite` or `postgresql`.
    """
    op.execute(_OVERVIEW.format(seconds=_SECONDS[dialect], list_rows=_ROWS[dialect]))
    op.execute(_METRIC)
