"""Planted causes come first, upstream ones before what they show in, and health is chance."""

import json
from dataclasses import replace
from string import Formatter

import pytest

from dashboards.diagnosis.diagnose import diagnose
from dashboards.diagnosis.facts import Facts, Pair, Realised
from dashboards.diagnosis.kinds import KINDS
from dashboards.diagnosis.sentences import SENTENCES
from fusion.watching.causes import CAUSES, QUALITY
from tests.dashboards.diagnosis.planted import (
    CHURN,
    FELL,
    HEALTHY,
    PLANTS,
    Plant,
    around,
    of_run,
    of_watch,
    recall,
)


@pytest.mark.parametrize("name", PLANTS)
def test_each_plant_is_the_first_cause(name):
    plant: Plant = PLANTS[name]
    first = diagnose(replace(HEALTHY, **plant.changed))[0]
    assert (first.kind, first.code, first.severity) == (plant.kind, plant.code, plant.severity)
    assert plant.subject in ("", first.subject)
    assert first.sentence.endswith((".", "?"))
    assert "{" not in first.sentence
    json.dumps([dict(first.parameters), [vars(row) for row in first.evidence]], allow_nan=False)


@pytest.mark.parametrize("name", [name for name, plant in PLANTS.items() if plant.kind != "chance"])
def test_a_cause_stands_on_figures_and_a_healthy_run_on_those_that_did_not_move(name):
    first = diagnose(replace(HEALTHY, **PLANTS[name].changed))[0]
    without = ("check_failed", "sources_changed", "configuration_changed")
    assert bool(first.evidence) == (first.code not in without)


def test_what_did_not_move_is_the_evidence_of_chance():
    [only] = diagnose(HEALTHY)
    figures = {(row.subject, row.name): (row.value, row.before) for row in only.evidence}
    assert figures == {
        ("ranker", "ndcg@10"): (0.21, 0.22),
        ("candidates", "recall"): (0.80, 0.81),
        ("lists", "churn"): (0.45, None),
    }


def test_every_sentence_is_planted():
    said = {cause.code for plant in PLANTS.values() for cause in _causes(plant)}
    assert said >= set(SENTENCES)


def _causes(plant: Plant):
    return diagnose(replace(HEALTHY, **plant.changed))


@pytest.mark.parametrize("code", sorted(set(CAUSES) - {QUALITY.code}))
def test_every_cause_of_a_watch_has_a_sentence(code):
    cause = CAUSES[code]
    alert = replace(of_watch(code, "items", cause.kind), columns=("genre",))
    [only] = diagnose(replace(HEALTHY, alerts=(alert,)))
    assert (only.kind, only.code) == ("data", code)
    assert only.severity == ("alarm" if cause.kind == "fault" else "look")
    assert "{" not in only.sentence


def test_quality_is_what_moved_and_no_cause_of_itself():
    quality = replace(of_watch(QUALITY.code, "window", "change"))
    below = Realised("window", 0.02, 0.15, 0.25, is_alarm=True)
    [only] = diagnose(replace(HEALTHY, alerts=(quality,), realised=below))
    assert only.code == "unexplained"
    taste = of_watch("taste", "users", "change")
    [first] = diagnose(replace(HEALTHY, alerts=(quality, taste), realised=below))
    assert first.code == "taste"


def test_what_is_broken_upstream_comes_first_and_what_only_moved_last():
    alerts = (
        CHURN,
        of_run("ranker", "ranker_fell", 0.04),
        of_run("source ease", "source_failed"),
        of_watch("mix", "users", "change"),
        of_watch("missing"),
    )
    facts = replace(HEALTHY, alerts=alerts, sections={"tune": "ranker"})
    codes = [cause.code for cause in diagnose(facts)]
    assert codes == ["missing", "source_failed", "ranker_fell", "mix", "configuration_changed"]


def test_a_change_that_the_run_answered_explains_what_moved_and_is_over_where_nothing_did():
    taste = replace(of_watch("taste", "users", "change"), is_answered=True)
    assert [cause.kind for cause in diagnose(replace(HEALTHY, alerts=(taste,)))] == ["chance"]
    [only] = diagnose(replace(HEALTHY, alerts=(taste, CHURN)))
    assert only.code == "taste"


def test_exposure_beyond_its_limit_is_of_the_rules_and_moves_nothing_else():
    alert = of_run("exposure genres=noir", "exposure_ratio")
    [only] = diagnose(replace(HEALTHY, alerts=(alert,)))
    assert (only.kind, only.code, only.severity) == ("rules", "exposure_beyond", "look")
    assert only.subject == "exposure genres=noir"
    beside = diagnose(replace(HEALTHY, alerts=(alert, of_run("source als", "source_changed"))))
    assert [cause.kind for cause in beside] == ["candidates", "rules"]


def test_of_two_faults_of_data_the_older_one_comes_first():
    alerts = (of_watch("stale"), of_watch("blank", "items"))
    assert [cause.code for cause in diagnose(replace(HEALTHY, alerts=alerts))] == ["stale", "blank"]


def test_of_two_sources_the_one_that_lost_more_labels_comes_first():
    alerts = (of_run("source als", "source_changed"), of_run("source ease", "source_silent"))
    lost = recall(ease=Pair(0.0, 0.5), als=Pair(0.3, 0.4))
    causes = diagnose(replace(HEALTHY, alerts=alerts, candidates=lost))
    assert [cause.subject for cause in causes] == ["source ease", "source als"]
    rows = {row.subject: (row.value, row.before) for row in causes[0].evidence}
    assert rows["source ease"] == (0.0, 0.5)
    assert rows["candidates"] == (0.80, 0.81)


def test_a_ranker_has_the_features_that_shifted_and_those_that_matter_now_as_evidence():
    moved = {"ease_rank": Pair(0.05, 0.41), "als_rank": Pair(0.22, 0.21)}
    column = replace(HEALTHY.columns[1], value=0.7)
    facts = replace(
        HEALTHY,
        alerts=(of_run("ranker", "ranker_fell", 0.04),),
        verdict=FELL,
        columns=(column,),
        importance=moved,
    )
    rows = {(row.subject, row.name): row for row in diagnose(facts)[0].evidence}
    assert rows["candidates", "recall"].value == 0.80
    assert rows["ranker", "ndcg@10"].before == 0.22
    assert rows["features", "drift of ease_rank"].value == 0.7
    assert rows["importance", "ease_rank"].before == 0.41
    assert ("importance", "als_rank") not in rows


def test_a_fall_in_the_candidates_is_no_fault_of_the_ranker():
    changed = dict(PLANTS["fewer labels among all candidates"].changed)
    changed["verdict"] = replace(FELL, difference=around(0.0, 0.01))
    assert [cause.kind for cause in diagnose(replace(HEALTHY, **changed))] == ["candidates"]


def test_templates_ask_for_what_causes_give():
    """A code that nothing yields, or a word that its parameters lack, would fail for a reader."""
    for plant in PLANTS.values():
        for cause in _causes(plant):
            template = SENTENCES.get(cause.code)
            if template is not None:
                asked = {name for _, name, _, _ in Formatter().parse(template) if name}
                assert asked <= set(cause.parameters)


def test_nothing_known_is_a_first_run():
    [only] = diagnose(Facts())
    assert (only.kind, only.code, only.evidence) == ("chance", "first_run", ())
    assert only.kind in KINDS
