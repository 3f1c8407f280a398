"""Recipes: the statement behind each number of the pages, to copy and to change.

They read views and tables of docs/sql.md, change nothing, and are the same on both databases. What
begins with a colon is a value: `filled` writes it as SQL does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_VALUE = re.compile(r":([a-z_]+)")
_LIVE = "SELECT run_no FROM slot WHERE placement = :placement AND name = 'live'"


@dataclass(frozen=True)
class Recipe:
    """A statement and what it answers.

    Attributes:
        page: whose number it is, a title of the navigation.
        question: what it answers.
        sql: one SELECT.
    """

    page: str
    question: str
    sql: str


RECIPES = (
    Recipe(
        "Today",
        "What is live, since when and why",
        """SELECT s.name, run.run_id, run.method, run.as_of, s.changed_at, s.changed_by, s.reason,
    s.frozen_until
FROM slot s
JOIN run ON run.run_no = s.run_no
WHERE s.placement = :placement""",
    ),
    Recipe(
        "Today",
        "What the last training came to",
        """SELECT run_id, status, created_at, finished_at, method, ndcg
FROM run_overview
WHERE placement = :placement
ORDER BY run_no DESC
LIMIT 1""",
    ),
    Recipe(
        "Runs",
        "The newest runs, and how good they are",
        """SELECT run_id, status, method, ndcg, ndcg_low, ndcg_high, best_source, best_source_ndcg,
    churn, alerts, live_since
FROM run_overview
WHERE placement = :placement
ORDER BY run_no DESC
LIMIT 10""",
    ),
    Recipe(
        "Runs",
        "A figure over the runs",
        """SELECT run_id, as_of, value, low, high
FROM run_metric
WHERE placement = :placement AND subject = 'ranker' AND name = 'ndcg' AND k = 10 AND segment = 'all'
ORDER BY run_no""",
    ),
    Recipe(
        "Runs",
        "Everything that was measured of the live run",
        f"""SELECT subject, segment, name, k, value, low, high
FROM metric
WHERE run_no = ({_LIVE})
ORDER BY subject, segment, name, k""",
    ),
    Recipe(
        "Runs",
        "Columns of the live run that drifted most, beside what chance alone gives",
        f"""SELECT m.subject, m.segment AS figure_of, m.name, m.value, chance.value AS by_chance
FROM metric m
JOIN metric chance ON chance.run_no = m.run_no AND chance.subject = m.subject
    AND chance.segment = m.segment AND chance.name = m.name || '_chance' AND chance.k = m.k
WHERE m.run_no = ({_LIVE}) AND m.name IN ('psi', 'jensenshannon')
ORDER BY m.value DESC
LIMIT 20""",
    ),
    Recipe(
        "Runs",
        "Where the fault is, for the live run",
        f"""SELECT rank, severity, kind, subject, sentence
FROM diagnosis
WHERE run_no = ({_LIVE})
ORDER BY rank""",
    ),
    Recipe(
        "Users",
        "A user's list as it is shown now",
        """SELECT rank, item_id, score, route, run_id
FROM current_recommendations
WHERE placement = :placement AND user_id = :user_id
ORDER BY rank""",
    ),
    Recipe(
        "Users",
        "Why these items, the strongest reason first",
        f"""SELECT item_id, reason, source, source_rank, gain
FROM explanation
WHERE run_no = ({_LIVE}) AND user_id = :user_id
ORDER BY item_id, gain IS NULL, gain DESC, source_rank""",
    ),
    Recipe(
        "Users",
        "How the live run serves a user; no row for somebody whom it does not know",
        f"""SELECT route, segment
FROM served_user
WHERE run_no = ({_LIVE}) AND user_id = :user_id""",
    ),
    Recipe(
        "Users",
        "The same user in every run that holds lists, as these were made",
        """SELECT run.run_id, run.as_of, r.rank, r.item_id
FROM run
JOIN recommendation r ON r.run_no = run.run_no AND r.user_id = :user_id AND r.rank <= run.list_size
WHERE run.placement = :placement AND run.status IN ('ready', 'rejected')
ORDER BY run.run_no DESC, r.rank""",
    ),
    Recipe(
        "Users",
        "What the fallback gives, by segment",
        """SELECT segment, rank, item_id
FROM current_fallback
WHERE placement = :placement
ORDER BY segment, rank""",
    ),
    Recipe(
        "Users",
        "Blocks that concern a user",
        """SELECT item_id, user_id, starts_at, until, reason, "by"
FROM blocked_item
WHERE placement = :placement AND (user_id = :user_id OR user_id IS NULL)
ORDER BY id DESC""",
    ),
    Recipe(
        "Users",
        "What a user took last, where [lists] history stores it",
        """SELECT run.run_id, run.as_of, h.events
FROM run
JOIN user_history h ON h.run_no = run.run_no AND h.user_id = :user_id
WHERE run.placement = :placement""",
    ),
    Recipe(
        "Items",
        "Who is shown an item; on SQLite it reads every list of the live run",
        """SELECT user_id, rank
FROM current_recommendations
WHERE placement = :placement AND item_id = :item_id
ORDER BY user_id""",
    ),
    Recipe(
        "Items",
        "Reach and ranks of an item in every run that holds lists",
        """SELECT run.run_id, run.as_of, count(*) AS lists, min(r.rank) AS best_rank,
    avg(r.rank) AS mean_rank
FROM run
JOIN recommendation r ON r.run_no = run.run_no AND r.item_id = :item_id AND r.rank <= run.list_size
WHERE run.placement = :placement AND run.status IN ('ready', 'rejected')
GROUP BY run.run_no, run.run_id, run.as_of
ORDER BY run.run_no DESC""",
    ),
    Recipe(
        "Alerts",
        "Alerts that are not resolved, and what was said of them",
        """SELECT at, severity, state, subject, name, value, threshold, message, acknowledged_by
FROM alert
WHERE placement = :placement AND state <> 'resolved'
ORDER BY at DESC""",
    ),
    Recipe(
        "History",
        "Every move of the slots, and by whom",
        """SELECT m.at, m.name, m.action, before.run_id AS from_run, run.run_id AS to_run, m."by",
    m.reason
FROM slot_move m
LEFT JOIN run ON run.run_no = m.to_run_no
LEFT JOIN run before ON before.run_no = m.from_run_no
WHERE m.placement = :placement
ORDER BY m.id DESC""",
    ),
    Recipe(
        "History",
        "Why a training was due, or was not",
        """SELECT at, due, "trigger", reason
FROM decision
WHERE placement = :placement
ORDER BY id DESC
LIMIT 50""",
    ),
    Recipe(
        "Watches",
        "Figures of the data by day and window",
        """SELECT unit, start, figure, value, cases
FROM watch_figure
WHERE placement = :placement
ORDER BY start DESC, figure
LIMIT 200""",
    ),
    Recipe(
        "Watches",
        "What published lists realised",
        """SELECT run.run_id, r.horizon, r.segment, r.name, r.k, r.value, r.low, r.high, r.users
FROM realised r
JOIN run ON run.run_no = r.run_no
WHERE run.placement = :placement AND r.segment = 'all'
ORDER BY r.run_no DESC, r.horizon, r.name""",
    ),
)
"""All recipes, those of a page together."""


def filled(sql: str, values: Mapping[str, str]) -> str:
    """Return a statement with its values, each as a text of SQL.

    Args:
        sql: of a recipe.
        values: by the name behind the colon; each one that the statement has.
    """
    return _VALUE.sub(lambda found: _quoted(values[found[1]]), sql)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
