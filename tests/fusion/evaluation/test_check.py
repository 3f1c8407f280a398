"""The registry of checks: names, order, and conditions that do not apply."""

import pytest

from fusion.evaluation import check as checks
from fusion.evaluation.check import Check, check, fails, passes, run_checks


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    monkeypatch.setattr(checks, "_REGISTRY", {})


def test_a_declared_function_is_run_with_its_evidence_and_named():
    @check("small enough", needs="sql")
    def small(evidence: int) -> Check:
        return passes("it is") if evidence < 3 else fails("it is not", 1, ({"user": 5},))

    @check("even", needs="sql")
    def even(evidence: int) -> Check | None:
        return None if evidence == 0 else fails("never")

    @check("of other evidence", needs="lists")
    def other(evidence: str) -> Check:
        return passes(evidence)

    assert run_checks("sql", 0) == [Check("small enough", True, "it is")]
    assert [(one.name, one.holds) for one in run_checks("sql", 4)] == [
        ("small enough", False),
        ("even", False),
    ]
    assert small(4) == Check("small enough", False, "it is not", 1, ({"user": 5},))
    assert [one.message for one in run_checks("lists", "text")] == ["text"]
    assert run_checks("features", None) == []


def test_two_checks_of_one_name_are_refused():
    @check("alone", needs="sql")
    def first(evidence: int) -> Check:
        return passes("")

    with pytest.raises(ValueError, match="two checks are called 'alone'"):

        @check("alone", needs="sql")
        def second(evidence: int) -> Check:
            return passes("")
