"""Rank the causes of what moved with a run, or say that nothing did beyond chance."""

from dashboards.diagnosis.cause import Cause, Evidence
from dashboards.diagnosis.facts import Facts
from dashboards.diagnosis.of_candidates import candidate_causes
from dashboards.diagnosis.of_data import data_causes
from dashboards.diagnosis.of_lists import (
    EFFECTS,
    configuration_causes,
    publish_causes,
    rules_causes,
)
from dashboards.diagnosis.of_ranker import level_cause, ranker_causes

BRANCHES = (
    data_causes,
    candidate_causes,
    ranker_causes,
    rules_causes,
    publish_causes,
    configuration_causes,
)
"""Each looks at its own facts, and yields what is likely there first."""


def diagnose(facts: Facts) -> list[Cause]:
    """Rank the causes of what moved with a run.

    What is broken comes before what moved. Among causes of the same severity the one upstream
    comes first (data, candidates, ranker, rules, publish): what is broken there shows in everything
    below it.

    Args:
        facts: of the run beside the run before.

    Returns:
        The most likely first; one of kind "unknown" where something moved that nothing explains,
        and one of kind "chance" where nothing moved beyond it.
    """
    causes = [cause for branch in BRANCHES for cause in branch(facts)]
    if causes:
        # The sort is stable: each branch has ordered its own.
        return sorted(causes, key=lambda cause: cause.order)
    level = level_cause(facts)
    if level is not None:
        return [level]
    what = _unexplained(facts)
    if what:
        evidence = (*_realised(facts), *_calm(facts))
        parameters = {"what": ", ".join(what)}
        return [Cause("unknown", "lists", "look", "unexplained", parameters, evidence)]
    return [_chance(facts)]


def _unexplained(facts: Facts) -> list[str]:
    """Return what moved beyond chance, by its names."""
    what = [alert.name for alert in facts.of_run("lists")]
    what += [name for name in EFFECTS if name in facts.failed_checks]
    if facts.realised is not None and facts.realised.is_alarm:
        what.append("realised quality")
    return what


def _chance(facts: Facts) -> Cause:
    evidence = (*_realised(facts), *_calm(facts))
    if facts.realised is not None:
        parameters = {"value": facts.realised.value}
        return Cause("chance", "lists", "none", "below_by_chance", parameters, evidence)
    code = "nothing_moved" if facts.against else "first_run"
    return Cause("chance", "lists", "none", code, {}, evidence)


def _realised(facts: Facts) -> list[Evidence]:
    one = facts.realised
    if one is None:
        return []
    return [
        Evidence("lists", f"realised ndcg@10, {one.horizon}", one.value, None, one.low, one.high)
    ]


def _calm(facts: Facts) -> list[Evidence]:
    """Return the figures that did not move: quality, candidates, and lists beside chance."""
    verdict, rows = facts.verdict, []
    now = verdict.rows.get(verdict.method)
    before = verdict.rows_before.get(verdict.method_before)
    if now is not None:
        earlier = before.value if before else None
        rows.append(Evidence(verdict.method, "ndcg@10", now.value, earlier, now.low, now.high))
    if facts.candidates.ceiling.now is not None:
        rows.append(Evidence.of("candidates", "recall", facts.candidates.ceiling))
    if "churn" in facts.lists:
        chance = facts.lists.get("jaccard_chance")
        usual = None if chance is None else 1 - chance
        rows.append(Evidence("lists", "churn", facts.lists["churn"], high=usual))
    return rows
