"""What the Run page reads, of real runs on each database."""

import shutil

import pytest

from flows.steps.site.runs.run_facts import read_run
from storage.runs.runs import runs


def test_everything_is_known_of_a_run_that_was_monitored(two_runs):
    newest, oldest = runs(two_runs.engine, "default")
    facts = read_run(two_runs, "default", "live")
    assert facts is not None
    assert (facts.line.run_id, facts.line.slot, facts.before.run_id) == (
        newest.run_id, "live", oldest.run_id
    )  # fmt: skip
    reported = newest.verdict["reported"]
    assert facts.line.ndcg.value == pytest.approx(reported["value"])
    assert facts.methods[0].ndcg.value >= facts.methods[-1].ndcg.value
    assert {one.name for one in facts.methods} == set(newest.verdict["rows"])
    assert [one.is_chosen for one in facts.methods].count(True) == 1
    found = {one.name: one for one in facts.sources}["ease"]
    assert found.now.found == newest.verdict["found"]["sources"]["ease"]["share"]
    assert found.before.found == oldest.verdict["found"]["sources"]["ease"]["share"]
    assert facts.drift
    assert [one.drifted for one in facts.drift] == sorted(
        (one.drifted for one in facts.drift), reverse=True
    )
    assert facts.lists.figures["users_both"] == 90
    assert sum(facts.lists.histograms["jaccard"]) == pytest.approx(1)
    gained = facts.lists.items["gained"] + facts.lists.items["moved"]
    assert all(row["title"] == f"Film {row['item_id']}" for row in gained)
    assert {row["by"] for row in facts.lists.groups} == {"all", "route", "segment"}
    assert facts.settings == ()
    assert [one.action for one in facts.moves] == ["publish"]
    assert "verdict" not in facts.manifest
    top = [name for name, _ in facts.importance[:6]]
    assert set(one.feature for one in facts.curves) <= set(top)
    assert len(facts.curves) >= 3
    steepest = max(facts.curves, key=lambda one: max(one.high) - min(one.low))
    assert max(steepest.middle) > min(steepest.middle)


def test_the_difference_is_that_of_what_is_published(two_runs):
    facts = read_run(two_runs, "default", "live")
    verdict = runs(two_runs.engine, "default")[0].verdict
    rows = {name: row["ndcg@10"]["value"] for name, row in verdict["rows"].items()}
    rival = next(one for one in facts.differences if not one.is_live)
    gap = rows[verdict["chosen"]] - rows[rival.against]
    assert rival.estimate.value == pytest.approx(gap, abs=1e-6)
    assert rival.estimate.low <= rival.estimate.value <= rival.estimate.high


def test_a_first_run_has_nothing_before_it(two_runs):
    oldest = runs(two_runs.engine, "default")[1]
    facts = read_run(two_runs, "default", oldest.run_id)
    assert (facts.before, facts.lists, facts.line.slot) == (None, None, "")
    assert len(facts.moves) == 2


def test_without_its_folder_figures_stay(own_runs):
    newest = runs(own_runs.engine, "default")[0]
    shutil.rmtree(own_runs.runs / newest.run_id)
    facts = read_run(own_runs, "default", newest.run_id)
    assert (facts.drift, facts.folder, facts.lists.items) == (None, "", {})
    assert facts.lists.churn is not None


@pytest.mark.parametrize("name", ["nobody", "20990101-000000-aaaaaa", "challenger"])
def test_a_run_that_is_not_there_is_none(two_runs, name):
    assert read_run(two_runs, "default", name) is None
    assert read_run(two_runs, "elsewhere", "live") is None
