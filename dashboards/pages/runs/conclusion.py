"""What a run comes to, before any figure: fine, look or act, and why."""

from dataclasses import dataclass
from typing import Literal

from dashboards.pages.runs.facts import RunAlert, RunFacts
from dashboards.pages.runs.figures import Difference

State = Literal["fine", "look", "act"]


@dataclass(frozen=True)
class Conclusion:
    """A run in a sentence.

    Attributes:
        state: whether somebody has to do something; None for a run that trains or is gone.
        alerts: that stand on it, alarms first.
        worse: what is better than what is published, for certain.
        rival: the difference to the best other method; None without a verdict.
        live: the difference to the run that was live; None where the two were not compared.
        compared: columns that were compared and do not move by themselves; None without a report.
        drifted: how many of them drifted.
    """

    state: State | None
    alerts: tuple[RunAlert, ...]
    worse: tuple[Difference, ...]
    rival: Difference | None
    live: Difference | None
    compared: int | None
    drifted: int


def conclude(facts: RunFacts) -> Conclusion:
    """Say what a run comes to.

    Args:
        facts: all that is known of it.
    """
    standing = [one for one in facts.alerts if one.state == "open"]
    standing.sort(key=lambda one: one.severity != "alarm")
    worse = tuple(one for one in facts.differences if one.estimate.is_below)
    judged = None if facts.drift is None else [one for one in facts.drift if not one.moves]
    return Conclusion(
        state=_state(facts, standing, worse),
        alerts=tuple(standing),
        worse=worse,
        rival=next((one for one in facts.differences if not one.is_live), None),
        live=next((one for one in facts.differences if one.is_live), None),
        compared=None if judged is None else len(judged),
        drifted=sum(one.drifted for one in judged or ()),
    )


def _state(
    facts: RunFacts, standing: list[RunAlert], worse: tuple[Difference, ...]
) -> State | None:
    if facts.line.status in {"training", "deleted"}:
        return None
    if facts.line.status == "failed" or any(one.severity == "alarm" for one in standing):
        return "act"
    is_open = facts.line.status == "rejected" or facts.line.slot == "challenger"
    return "look" if is_open or standing or worse else "fine"
