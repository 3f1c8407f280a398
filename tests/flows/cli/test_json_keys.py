"""Every key that `--json` gives stands in docs/json.md, and the other way round.

Verbs answer on a copy of the shop, in every way that gives other keys: published and held, refused,
not due, an empty slot, a fallback, a failure.
"""

import inspect
import json
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from dashboards.alerts import Alert
from flows.cli.app import app
from flows.cli.console import to_json
from flows.cli.screens.json_summary import demo_summary, outcome_summary
from flows.steps.alerts.findings import NotableFinding
from flows.steps.keep.age import Aged
from flows.steps.keep.prune import RemovedRun
from flows.steps.retrain.loop import Outcome
from fusion.evaluation import verdict_report as reports
from fusion.metrics.bootstrap import Interval
from fusion.runs.manifest import ContributionRow
from storage.reading.database_status import BadRow
from tests.flows.calling import Called, call
from tests.flows.cli.json_page import Page
from tests.flows.world import PERSON

ANSWERING = sorted(
    command.callback.__name__
    for command in app.registered_commands
    if "as_json" in inspect.signature(command.callback).parameters
)
KEY = "a key of thirty-two characters or more"
DECLARED = {
    "Verdict": reports.VerdictReport,
    "Split": reports.SplitReport,
    "Part": reports.SegmentReport,
    "Cold": reports.ColdReport,
    "Weights": reports.RatingErrors,
    "AUC": reports.AucReport,
    "New items": reports.NewItemsReport,
    "Found": reports.CandidateRecall,
    "Proposals": reports.SourceRecall,
    "Against live": reports.LiveReport,
    "Interval": Interval,
    "Alert": Alert,
    "Notable": NotableFinding,
    "Contribution": ContributionRow,
    "Removed": RemovedRun,
    "Bad row": BadRow,
    "Aged": Aged,
}
"""Parts whose keys are the fields of a class, so that no run is needed that has all of them."""


def set_in(folder: Path, section: str, line: str) -> None:
    config = folder / "fusion.toml"
    config.write_text(config.read_text().replace(f"[{section}]", f"[{section}]\n{line}", 1))


def looks(folder: Path):
    """Yield verbs that look, with their answers."""
    for verb, *words in (
        ("status",), ("health",), ("runs",), ("check",), ("db",), ("watch",), ("alerts", "--all"),
        ("show", "u1"), ("show", "nobody"), ("diff", "live", "live"),
    ):  # fmt: skip
        yield verb, call(folder, verb, *words, "--json")
    for user in ("u1", "nobody"):
        yield "show --why", call(folder, "show", user, "--why", "--json")


def moves(folder: Path):
    """Yield verbs that move slots, with their answers."""
    first, newest = call(folder, "runs", "--json").json[::-1][:2]
    yield "rollback", call(folder, "rollback", "--freeze", "1h", "--json")
    yield "status", call(folder, "status", "--json")
    yield "Failure", call(folder, "publish", newest["run_id"], "--json")
    yield "unfreeze", call(folder, "unfreeze", "--json")
    yield "unfreeze", call(folder, "unfreeze", "--json")
    set_in(folder, "gate", "approve = true")
    yield "publish", call(folder, "publish", newest["run_id"], "--json")
    yield "status", call(folder, "status", "--json")
    yield "diff", call(folder, "diff", first["run_id"], "challenger", "--json")
    yield "approve", call(folder, "approve", "--json")
    call(folder, "publish", first["run_id"], "--allow-older")
    yield "reject", call(folder, "reject", "--why", "odd", "--json")


def ends(folder: Path):
    """Yield verbs that train nothing, or remove something, with their answers."""
    yield "retrain", call(folder, "retrain", "--json")
    yield "train", to_answer(outcome_summary(Outcome(refusals=("beats random: no",))))
    yield "demo", to_answer(demo_summary(folder, [Outcome(), Outcome(monitor_error="away")]))
    call(folder, "rollback", "--reason", f"{PERSON} complained")
    yield "person", call(folder, "person", PERSON, "--json")
    yield "forget", call(folder, "forget", PERSON, "--json", FUSION_FORGET_KEY=KEY)
    yield "prune", call(folder, "prune", "--dry-run", "--json")
    yield "init", call(folder, "init", "ratings.csv", "--config", "new.toml", "--json")


def to_answer(summary: dict[str, Any]) -> Called:
    """What a verb writes that would train for this test alone."""
    return Called(0, json.dumps(to_json(summary)))


@pytest.fixture(scope="module")
def held(shop_made, tmp_path_factory):
    """The page, after every answer was held against it, and the verbs that answered."""
    page = Page.read()
    folder = tmp_path_factory.mktemp("answers") / "shop"
    shutil.copytree(shop_made[0], folder)
    answered = {"run", "monitor"}
    for ended in shop_made[1]:
        page.hold("run", ended.json)
        # The verb gives what one function makes for both; Evidently would take seconds again.
        page.hold("monitor", ended.json["monitor"])
    for answers in (looks, moves, ends):
        for verb, called in answers(folder):
            assert bool(called.message) == (verb == "Failure"), (verb, called.message)
            page.hold(verb, called.json)
            answered.add(verb)
    return page, answered


def test_every_answer_has_the_keys_of_the_page_and_their_types(held):
    page, _ = held
    assert set(page.problems) == set()


def test_every_verb_that_answers_has_its_section_and_was_asked(held):
    page, answered = held
    verbs = {name for name in page.answers if name.split()[0] in ANSWERING}
    assert {name for name in verbs if " " not in name} == set(ANSWERING)
    assert verbs <= answered


def test_every_key_of_the_page_was_in_an_answer(held):
    page, _ = held
    assert {(shape, key) for shape, key in page.unseen() if shape not in DECLARED} == set()


def keys_of(declared: Any) -> set[str]:
    """The keys of a class in JSON: its fields, by their stored names where these are others."""
    if not hasattr(declared, "model_fields"):
        return {one.name for one in fields(declared)}
    return {
        one.serialization_alias or one.alias or name for name, one in declared.model_fields.items()
    }


@pytest.mark.parametrize("part", DECLARED)
def test_parts_have_the_fields_of_their_classes(part):
    assert set(Page.read().shapes[part]) == keys_of(DECLARED[part])


def test_a_turn_says_whether_its_run_was_monitored(shop_made):
    assert {ended.json["monitor_status"] for ended in shop_made[1]} == {"done"}
    assert outcome_summary(Outcome())["monitor_status"] == "not_run"
    assert outcome_summary(Outcome(monitor_error="away"))["monitor_status"] == "failed"


def test_numbers_that_json_does_not_know_are_null():
    assert to_json({"value": float("nan"), "high": [float("inf")]}) == {
        "value": None,
        "high": [None],
    }


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"a": 1, "b": "x"}, []),
        ({"a": 1}, ["verb.b: stands in the page, and is missing"]),
        ({"a": 1, "b": None, "c": 2}, ["verb.c: is not in the page"]),
        ({"a": "1", "b": None}, ["verb.a: '1' is no integer"]),
        ({"a": True, "b": None}, ["verb.a: True is no integer"]),
    ],
)
def test_the_page_is_compared_both_ways(answer, problem):
    page = Page.read("### `fusion verb`\n| `a` | integer | one |\n| `b` | text or null | two |\n")
    page.hold("verb", answer)
    assert page.problems == problem
