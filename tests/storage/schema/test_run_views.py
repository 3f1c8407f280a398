"""The views of runs for analysts."""

import polars as pl
from sqlalchemy import select

from storage.loading.bulk import load_metrics
from storage.reading.live_run import live
from storage.runs.runs import finish_run
from storage.schema.views import run_metric, run_overview
from storage.slots.publish import publish, rollback
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import raise_alert, resolve_alerts
from tests.storage.making import begin, make_run


def figures(*rows: tuple[str, str, str, int, float]) -> pl.DataFrame:
    """Rows of `metric`: subject, segment, name, k, value, with an interval of .01 about it."""
    columns = ("subject", "segment", "name", "k", "value")
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    value = pl.col("value")
    return frame.with_columns(low=value - 0.01, high=value + 0.01)


def overview(engine):
    with engine.connect() as connection:
        rows = connection.execute(select(run_overview).order_by(run_overview.c.run_no)).mappings()
        return [dict(row) for row in rows]


def test_a_run_is_one_row_with_its_figures(engine):
    first, second = make_run(engine, "a"), make_run(engine, "b")
    load_metrics(
        engine,
        second,
        figures(
            ("ranker", "all", "ndcg", 10, 0.3),
            ("ranker", "all", "ndcg", 20, 0.4),
            ("ranker", "cold", "ndcg", 10, 0.1),
            ("blend", "all", "ndcg", 10, 0.9),
            ("random", "all", "ndcg", 10, 0.8),
            ("als", "all", "ndcg", 10, 0.25),
            ("ease", "all", "ndcg", 10, 0.28),
            ("ease", "all", "recall", 10, 0.7),
            ("lists", "all", "churn", 10, 0.4),
        ),
    )
    for cause in ("churn", "gone"):
        found = NewAlert(cause, "lists", "churn", "run", "changed")
        alert_id, _ = raise_alert(engine, "default", found, run_no=second)
    resolve_alerts(engine, [alert_id], "over")
    publish(engine, "default", first, by="test", reason="test")
    publish(engine, "default", second, by="test", reason="test")
    one, two = overview(engine)
    assert (two["run_id"], two["status"], two["method"], two["list_size"]) == (
        "b",
        "ready",
        "ranker",
        4,
    )
    assert (two["ndcg"], two["ndcg_low"], two["ndcg_high"]) == (0.3, 0.29, 0.31)
    assert (two["best_source"], two["best_source_ndcg"]) == ("ease", 0.28)
    assert (two["churn"], two["alerts"]) == (0.4, 1)
    assert two["live_since"] == live(engine, "default").since == two["published_at"]
    assert 0 <= two["seconds"] < 60
    assert (one["ndcg"], one["best_source"], one["churn"], one["alerts"]) == (None, None, None, 0)
    assert one["live_since"] is None
    before = one["published_at"]
    assert before < two["published_at"]
    rollback(engine, "default", by="test", reason="test")
    one, two = overview(engine)
    assert (one["live_since"] > before, one["published_at"]) == (True, before)
    assert two["live_since"] is None


def test_rows_are_those_that_the_manifest_counted_and_a_run_in_training_has_a_row(engine):
    run_no = begin(engine, "a")
    finish_run(
        engine,
        run_no,
        "rejected",
        method=None,
        list_size=None,
        verdict={},
        manifest={"tables": {"recommendation": {"rows": 3_000_000_000}}},
    )
    begin(engine, "b")
    one, two = overview(engine)
    assert (one["status"], one["list_rows"], one["method"]) == ("rejected", 3_000_000_000, None)
    assert (two["status"], two["seconds"], two["list_rows"]) == ("training", None, None)


def test_figures_carry_the_names_of_runs(engine):
    run_no = make_run(engine, "a")
    load_metrics(engine, run_no, figures(("als", "cold", "ndcg", 10, 0.25)))
    with engine.connect() as connection:
        (row,) = connection.execute(select(run_metric)).mappings()
    named = {name: row[name] for name in ("run_id", "placement", "subject", "name", "segment", "k")}
    assert named == {
        "run_id": "a",
        "placement": "default",
        "subject": "als",
        "name": "ndcg",
        "segment": "cold",
        "k": 10,
    }
    assert (row["value"], row["low"], row["high"]) == (0.25, 0.24, 0.26)
