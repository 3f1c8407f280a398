"""Figures of columns and counts of routes, as a diagnosis reads them."""

import polars as pl

from storage.loading.bulk import load_metrics, load_served
from storage.reading.read import column_figures, route_counts
from tests.storage.making import begin, end


def test_figures_of_columns_come_by_subject_and_without_nulls(engine):
    run_no, other = begin(engine, "a"), begin(engine, "b")
    figures = [
        ("users", "country", "psi", 0.3),
        ("users", "country", "psi_chance", 0.1),
        ("users", "age", "psi", float("nan")),
        ("features", "age", "psi", 0.2),
        ("lists", "all", "churn", 0.4),
    ]
    frame = pl.DataFrame(figures, schema=["subject", "segment", "name", "value"], orient="row")
    nothing = pl.lit(None, pl.Float64)
    frame = frame.with_columns(k=pl.lit(0), low=nothing, high=nothing)
    load_metrics(engine, run_no, frame)
    load_metrics(engine, other, frame.head(1))
    for number in (run_no, other):
        end(engine, number)
    assert column_figures(engine, run_no, ["users", "features"]).rows() == [
        ("features", "age", "psi", 0.2),
        ("users", "country", "psi", 0.3),
        ("users", "country", "psi_chance", 0.1),
    ]
    assert column_figures(engine, run_no, ["scores"]).is_empty()


def test_users_are_counted_by_route(engine):
    run_no = begin(engine, "a")
    served = {"user_id": ["u1", "u2", "u3"], "route": ["warm", "cold", "warm"]}
    load_served(engine, run_no, pl.DataFrame(served | {"segment": [None] * 3}))
    end(engine, run_no)
    assert route_counts(engine, run_no) == {"warm": 2, "cold": 1}
    assert route_counts(engine, run_no + 1) == {}
