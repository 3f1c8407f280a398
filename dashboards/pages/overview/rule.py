"""Whether somebody should act, look, or drink their coffee: a pure function of facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dashboards.pages.overview.facts import AlertFacts, TodayFacts

State = Literal["fine", "look", "act"]
NAMED = 3
"""Causes that a sentence names."""


@dataclass(frozen=True)
class Reason:
    """Something that asks for a person.

    Attributes:
        state: what it asks for, "act" or "look".
        code: of its sentence.
        said: what the sentence holds.
    """

    state: State
    code: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """The answer for the morning.

    Attributes:
        state: the worst of its reasons; "fine" without any.
        reasons: the worst first.
    """

    state: State
    reasons: tuple[Reason, ...]


def judge(facts: TodayFacts, now: datetime) -> Judgement:
    """Judge a placement.

    To act: nothing is live, the live run is too old, an alarm is open; a fault among them holds all
    trainings. To look: something open that may be chance, a newest training that failed or was
    refused, a run that waits for approval. What was acknowledged asks for nobody.

    Args:
        facts: of the placement.
        now: aware time.

    Returns:
        The answer with its reasons.
    """
    reasons = [*_of_live(facts, now), *_of_alerts(facts), *_of_trainings(facts)]
    ordered = sorted(reasons, key=lambda one: one.state != "act")
    return Judgement(ordered[0].state if ordered else "fine", tuple(ordered))


def _of_live(facts: TodayFacts, now: datetime) -> list[Reason]:
    if facts.live is None:
        return [Reason("act", "nothing_live")]
    age = now - facts.live.trained_at
    if age > facts.max_age:
        return [Reason("act", "too_old", {"age": age, "limit": facts.max_age})]
    return []


def _of_alerts(facts: TodayFacts) -> list[Reason]:
    opened = [one for one in facts.alerts if one.state == "open"]
    alarms = [one for one in opened if one.severity == "alarm"]
    faults = [one for one in alarms if one.kind == "fault"]
    others = [one for one in alarms if one.kind != "fault"]
    looks = [one for one in opened if one.severity != "alarm"]
    reasons = []
    if faults:
        reasons.append(Reason("act", "fault", _named(faults)))
    if others:
        reasons.append(Reason("act", "alarms", _named(others)))
    if looks:
        reasons.append(Reason("look", "looks", _named(looks)))
    return reasons


def _named(alerts: list[AlertFacts]) -> dict[str, Any]:
    """Name the first alert of each cause, and count the causes that are not named."""
    by_cause: dict[str, int] = {}
    for one in alerts:
        by_cause.setdefault(one.cause, one.id)
    return {"causes": list(by_cause.items())[:NAMED], "more": max(len(by_cause) - NAMED, 0)}


def _of_trainings(facts: TodayFacts) -> list[Reason]:
    reasons = []
    newest = facts.newest
    if newest is not None and newest.outcome in ("refused", "failed"):
        reasons.append(Reason("look", newest.outcome, {"run": newest.run_id}))
    if facts.challenger is not None:
        run_id, since = facts.challenger
        reasons.append(Reason("look", "challenger", {"run": run_id, "since": since}))
    return reasons
