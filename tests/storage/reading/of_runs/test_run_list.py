"""Runs as a page lists them, on both databases."""

from datetime import timedelta

import polars as pl
import pytest

from dashboards.measures.metric_schema import METRIC_SCHEMA
from storage.loading.bulk import load_metrics
from storage.reading.of_runs.run_figures import run_figures
from storage.reading.of_runs.run_list import RunFilter, count_runs, list_runs, run_choices
from storage.runs.retention import delete_run
from storage.slots.publish import publish
from tests.storage.making import AS_OF, begin, end, end_lives, make_run

EVERY = RunFilter()
NDCG = {"a": 0.2, "b": 0.4, "c": 0.3}


@pytest.fixture
def three(engine):
    """Ended runs a, b and c, of which b is live; one that failed; one that trains."""
    for place, (name, value) in enumerate(NDCG.items()):
        run_no = begin(engine, name, as_of=AS_OF + timedelta(days=-place))
        rows = [
            ("ranker", "all", "ndcg", 10, value, value - 0.1, value + 0.1),
            ("ranker", "all", "ndcg", 20, 0.9, None, None),
            ("ease", "all", "ndcg", 10, 0.9, None, None),
        ]
        load_metrics(engine, run_no, pl.DataFrame(rows, schema=METRIC_SCHEMA, orient="row"))
        end(engine, run_no, verdict={"reported": {"value": value, "low": 0.1, "high": 0.5}})
    publish(engine, "default", 2, by="ann", reason="better")
    end(engine, begin(engine, "failed"), "failed")
    begin(engine, "training")
    make_run(engine, "other", placement="elsewhere")
    yield engine
    end_lives(engine)


def names(engine, wanted=EVERY, limit=10, offset=0) -> list[str]:
    return [run.run_id for run in list_runs(engine, "default", wanted, limit, offset)]


def test_the_newest_come_first_a_page_at_a_time(three):
    assert names(three) == ["training", "failed", "c", "b", "a"]
    assert names(three, limit=2, offset=1) == ["failed", "c"]
    assert count_runs(three, "default", EVERY) == 5


@pytest.mark.parametrize(
    ("sort", "descending", "first"),
    [
        ("ndcg", True, ["b", "c", "a"]),
        ("ndcg", False, ["a", "c", "b"]),
        ("as_of", False, ["c", "b"]),
        ("method", True, ["failed", "c", "b", "a", "training"]),
    ],
)
def test_they_sort_either_way_and_what_lacks_a_figure_is_last(three, sort, descending, first):
    order = names(three, RunFilter(sort=sort, descending=descending))
    assert order[: len(first)] == first
    assert len(order) == 5


def test_filters_narrow_and_count_alike(three):
    ready = RunFilter(status="ready")
    assert names(three, ready) == ["c", "b", "a"]
    assert count_runs(three, "default", ready) == 3
    assert names(three, RunFilter(status="ready", method="ease")) == []
    assert names(three, RunFilter(kind="' or 1=1 --")) == []
    assert run_choices(three, "default") == {
        "status": ["failed", "ready", "training"], "method": ["ranker"], "kind": ["full"]
    }  # fmt: skip


def test_a_row_says_what_is_reported_and_which_slot_shows_it(three):
    rows = {run.run_id: run for run in list_runs(three, "default", EVERY, 10)}
    assert (rows["b"].slot, rows["a"].slot) == ("live", None)
    assert (rows["b"].ndcg, rows["b"].low, rows["b"].high) == (0.4, 0.1, 0.5)
    assert (rows["training"].ndcg, rows["training"].method) == (None, None)


def test_pruned_runs_stay(three):
    oldest = list_runs(three, "default", EVERY, 10)[-1]
    assert delete_run(three, oldest.run_no)
    row = list_runs(three, "default", RunFilter(status="deleted"), 10)[0]
    assert (row.run_id, row.ndcg) == ("a", 0.2)


def test_all_figures_of_a_run_are_read(three):
    run_no = list_runs(three, "default", EVERY, 10)[-1].run_no
    figures = run_figures(three, run_no)
    assert [(one.subject, one.name, one.k, one.value) for one in figures] == [
        ("ease", "ndcg", 10, 0.9), ("ranker", "ndcg", 10, 0.2), ("ranker", "ndcg", 20, 0.9)
    ]  # fmt: skip
