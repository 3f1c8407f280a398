"""One item in SQL: where it stands, with what, why; and that a look is bounded."""

import polars as pl
import pytest

from storage.loading.bulk import load_explanations, load_lists
from storage.reading.people import one_item
from storage.reading.people.one_item import (
    item_places,
    listed_together,
    most_listed,
    reasons_of_item,
)
from tests.storage.making import begin, end, make_run

LISTS = {"u1": ["a", "b", "c"], "u2": ["b", "a", "d"], "u3": ["c", "b", "e"], "u4": ["e", "f", "a"]}


@pytest.fixture
def run_no(engine) -> int:
    make_run(engine, "other")
    number = begin(engine, "r1")
    rows = [(user, rank, item) for user, row in LISTS.items() for rank, item in enumerate(row, 1)]
    frame = pl.DataFrame(rows, schema=["user_id", "rank", "item_id"], orient="row")
    load_lists(engine, number, [frame.with_columns(score=0.5, probability=1.0)])
    why = [("u1", "a", "als", 2, "taste", 0.5), ("u2", "a", "als", 4, "taste", None)]
    why += [("u2", "b", "knn", 1, "neighbours", 0.1)]
    columns = ["user_id", "item_id", "source", "source_rank", "reason", "gain"]
    reasons = pl.DataFrame(why, schema=columns, orient="row")
    load_explanations(engine, number, reasons.with_columns(detail=pl.lit(None, pl.String)))
    end(engine, number)
    return number


def test_an_item_stands_where_its_lists_say(engine, run_no):
    found = item_places(engine, run_no, "a", 2, 4)
    assert sorted(found.places.rows()) == [("u1", 1), ("u2", 2)]
    assert (found.of, found.is_sample, found.is_known) == (4, False, None)
    assert sorted(item_places(engine, run_no, "a", 3, 4).places["rank"]) == [1, 2, 3]
    assert item_places(engine, run_no, "nothing", 3, 4).places.is_empty()


def test_what_is_listed_together_is_counted_in_some_lists(engine, run_no):
    counts = listed_together(engine, run_no, "a", ["u1", "u2"], 3)
    assert counts.rows() == [("b", 2), ("c", 1), ("d", 1)]
    assert listed_together(engine, run_no, "a", [], 3).is_empty()


def test_what_is_listed_most_comes_first(engine, run_no):
    counts, looked_at = most_listed(engine, run_no, 2, 2)
    assert counts.rows() == [("b", 3), ("a", 2)]
    assert looked_at == 4


def test_reasons_are_those_of_the_item_in_these_lists(engine, run_no):
    rows = reasons_of_item(engine, run_no, "a", ["u1", "u2", "u3"])
    assert sorted(rows.select("source", "source_rank", "reason").rows()) == [
        ("als", 2, "taste"),
        ("als", 4, "taste"),
    ]
    assert sorted(rows["gain"].to_list(), key=str) == [0.5, None]


def test_a_look_is_bounded_and_says_so(engine, run_no, monkeypatch):
    monkeypatch.setattr(one_item, "MOST_ROWS", 6)
    monkeypatch.setattr(one_item, "MOST_PLACES", 1)
    found = item_places(engine, run_no, "b", 3, 4)
    assert found.is_sample
    if engine.dialect.name == "sqlite":
        assert (sorted(found.places["user_id"]), found.of) == (["u1", "u2"], 2)
    else:
        assert (len(found.places), found.of) == (1, 4)
    assert most_listed(engine, run_no, 3, 9)[1] == 2
