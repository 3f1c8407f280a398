"""What the page of two runs reads, of real runs on each database."""

import pytest
from sqlalchemy import text

from dashboards.pages.runs.downloads import recipe
from flows.steps.site.runs import run_pair
from flows.steps.site.runs.run_document import read_document
from flows.steps.site.runs.run_pair import read_pair
from flows.steps.watch.compare import compare
from storage.runs.runs import runs


@pytest.fixture
def ids(two_runs):
    newest, oldest = runs(two_runs.engine, "default")
    return oldest.run_id, newest.run_id


def test_what_monitoring_compared_is_not_compared_again(two_runs, ids):
    pair = read_pair(two_runs, "default", *ids)
    found = compare(two_runs, *ids)
    assert not pair.lists.sampled
    assert pair.lists.churn == pytest.approx(found.stable.value("churn"))
    assert pair.lists.items["gained"] == found.changed.gained.to_dicts()
    assert pair.new.slot == "live"
    figures = {one.name: one for one in pair.figures}
    assert figures["Interactions"].change > 0
    assert {one.name for one in pair.sources} >= {"popularity", "ease"}
    assert any(one.name == "sources.ease.k" for one in pair.settings)
    assert pair.only_differences().settings == ()


def test_two_others_are_compared_on_some_users(two_runs, ids, monkeypatch):
    backwards = read_pair(two_runs, "default", ids[1], ids[0])
    found = compare(two_runs, ids[1], ids[0])
    assert (backwards.lists.users, backwards.lists.sampled) == (90, False)
    assert backwards.lists.churn == pytest.approx(found.stable.value("churn"))
    monkeypatch.setattr(run_pair, "SAMPLED_USERS", 20)
    some = read_pair(two_runs, "default", ids[1], ids[0]).lists
    assert some.sampled
    assert 10 <= some.users < 60


def test_a_run_and_itself_differ_in_nothing(two_runs, ids):
    same = read_pair(two_runs, "default", "live", ids[1]).only_differences()
    assert (same.figures, same.sources, same.settings) == ((), (), ())
    assert (same.lists.churn, same.lists.items["moved"]) == (0, [])


def test_a_run_that_is_not_there_is_none(two_runs, ids):
    assert read_pair(two_runs, "default", "nobody", ids[1]) is None
    assert read_pair(two_runs, "elsewhere", *ids) is None


def test_the_recipe_gives_what_the_files_hold(two_runs, ids):
    document = read_document(two_runs, "default", "live")
    statements = [one for one in recipe(document.run_id).split(";\n") if one.strip()]
    with two_runs.engine.connect() as connection:
        figures, judged, moves = (
            connection.execute(text(one.replace(":", r"\:"))).all() for one in statements
        )
    assert sorted(map(tuple, figures)) == sorted(document.figures) != []
    assert len(judged) == 1
    assert [row.action for row in moves] == ["publish"]
    assert document.drift
