"""What else differs between two runs is named, with what it may explain."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flows.steps.alerts.circumstances import circumstances
from storage.schema.row_objects import RunRow

GAP = {"value": 0.1, "low": 0.05, "high": 0.2}
BROKEN = {"value": -0.1, "low": -0.2, "high": -0.05}
CONFIG = {
    "hash": "aa",
    "seed": 7,
    "threads": 2,
    "sources": [{"name": "als"}],
    "gate": {"users": 50},
    "lists": {"size": 10, "rules": "a.toml"},
}


def fitted(difference) -> dict[str, object]:
    return {
        "users": 100,
        "ndcg": 0.2,
        "source": "als",
        "source_ndcg": 0.1,
        "difference": difference,
    }


def row(config=CONFIG, method="ranker", twin=GAP, days=0.0, rules="r1") -> RunRow:
    moment = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=days)
    manifest = {
        "config": config,
        "rules": {"hash": rules},
        "serving": {"ranker": fitted(GAP), "twin": fitted(twin) if twin else None},
    }
    return RunRow(
        run_no=1, run_id="a", placement="default", kind="full", base_run_no=None, as_of=moment,
        created_at=moment, finished_at=moment, status="ready", method=method, list_size=10,
        data_hash=None, config_hash=None, verdict=None, manifest=manifest,
    )  # fmt: skip


def sentences(run: RunRow, subject: str) -> list[str]:
    reasons = circumstances(run, row()).reasons
    return [reason.sentence for reason in reasons if subject in reason.explains]


def test_the_same_twice_differs_in_nothing():
    assert circumstances(row(days=7), row()).reasons == ()
    assert circumstances(row(), None).reasons == ()


def test_rules_explain_lists_alone():
    [sentence] = sentences(row(rules="r2"), "lists")
    assert sentence.startswith("The rules of lists changed between the two runs")
    assert sentences(row(rules="r2"), "source") == []


@pytest.mark.parametrize(
    ("changes", "lists", "source"),
    [
        ({"sources": []}, "(sources)", "(sources)"),
        ({"lists": {"size": 12, "rules": "a.toml"}}, "(lists)", None),
        ({"seed": 8, "sources": []}, "(seed, sources)", "(seed, sources)"),
        # The name of a file, the cores and the limits of the gate change no list.
        ({"lists": {"size": 10, "rules": "b.toml"}}, None, None),
        ({"threads": 4, "gate": {"users": 9}, "hash": "bb"}, None, None),
    ],
)
def test_changed_parts_of_the_configuration_are_named(changes, lists, source):
    run = row(CONFIG | changes)
    for subject, named in (("lists", lists), ("source", source)):
        found = sentences(run, subject)
        assert [named in sentence for sentence in found] == ([True] if named else [])


def test_a_setting_that_a_version_did_not_know_is_no_change():
    older = {name: value for name, value in CONFIG.items() if name != "seed"}
    assert sentences(row(older), "lists") == []


def test_another_method_is_named():
    [sentence] = sentences(row(method="blend", twin=None), "lists")
    assert sentence.startswith("Lists are made by blend now, and were by ranker")
    assert circumstances(row(method="blend"), row()).has_other_method
    assert not circumstances(row(), row()).has_other_method


def test_a_floor_of_chance_is_missing_without_a_whole_twin():
    assert circumstances(row(), row()).no_floor == ""
    assert circumstances(row(method="ease", twin=None), None).no_floor == (
        "the method ease has no twin"
    )
    assert "so it is broken" in circumstances(row(twin=BROKEN), row()).no_floor


def test_the_gap_is_of_data_and_without_times_of_trainings():
    assert circumstances(row(days=28), row()).days == 28
    timeless = replace(row(days=3), as_of=None)
    assert circumstances(timeless, row()).days == 3
