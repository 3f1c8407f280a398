"""Fine, look or act: every reason alone, and which of them is the worst."""

from dataclasses import replace

import pytest

from dashboards.pages.overview.facts import TrainingFacts
from dashboards.pages.overview.rule import judge
from tests.dashboards.pages.overview.world import BAD, DAY, FAULT, FINE, LIVE, LOOK, NOW


def codes(facts):
    judgement = judge(facts, NOW)
    return judgement.state, [one.code for one in judgement.reasons]


def _causes(number, *causes):
    return [replace(FAULT, id=number + at, cause=cause) for at, cause in enumerate(causes)]


def ended(outcome):
    return TrainingFacts("r3", NOW, NOW, outcome)


@pytest.mark.parametrize(
    ("change", "state", "code"),
    [
        ({"live": None}, "act", "nothing_live"),
        ({"live": replace(LIVE, trained_at=NOW - 7.1 * DAY)}, "act", "too_old"),
        ({"alerts": [FAULT]}, "act", "fault"),
        ({"alerts": [replace(FAULT, kind="change")]}, "act", "alarms"),
        ({"alerts": [replace(FAULT, kind="run")]}, "act", "alarms"),
        ({"alerts": [LOOK]}, "look", "looks"),
        ({"alerts": [replace(LOOK, kind="fault")]}, "look", "looks"),
        ({"newest": ended("refused")}, "look", "refused"),
        ({"newest": ended("failed")}, "look", "failed"),
        ({"challenger": ("r3", NOW)}, "look", "challenger"),
    ],
)
def test_each_reason_alone(change, state, code):
    assert codes(replace(FINE, **change)) == (state, [code])


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"live": replace(LIVE, trained_at=NOW - 6.9 * DAY)},
        {"alerts": [replace(FAULT, state="acknowledged")]},
        {"alerts": [replace(FAULT, state="resolved")]},
        {"newest": None},
        # An older trouble is said, and worries nobody once a later training went well.
        {"trouble": ended("failed")},
    ],
)
def test_nothing_asks_for_a_person(change):
    assert codes(replace(FINE, **change)) == ("fine", [])


def test_the_worst_reason_comes_first_and_causes_are_counted_once():
    faults = [replace(FAULT, id=11), replace(FAULT, id=12), *_causes(20, "a", "b", "c", "d")]
    judgement = judge(replace(BAD, alerts=[LOOK, *faults]), NOW)
    assert judgement.state == "act"
    assert [one.code for one in judgement.reasons] == ["fault", "looks", "failed", "challenger"]
    # The first alert of each cause, and how many causes are not named.
    assert judgement.reasons[0].said == {
        "causes": [("missing", 11), ("a", 20), ("b", 21)],
        "more": 2,
    }
    assert judgement.reasons[1].said == {"causes": [("mix", 8)], "more": 0}
