"""Facts of a healthy shop, in which nothing is due, and changes of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.retrain_settings import RetrainSettings
from flows.steps.retrain.policy_facts import Facts, LiveFact, Reading, StandingAlert, Training

NOW = datetime(2024, 3, 14, 12, tzinfo=UTC)
FAULT = StandingAlert(3, "missing", "interactions")
CHANGE = StandingAlert(4, "taste", "users")


def before(hours: float) -> datetime:
    """The moment so many hours before now."""
    return NOW - timedelta(hours=hours)


def settings(**changed: Any) -> RetrainSettings:
    """Defaults, but for some."""
    return RetrainSettings.model_validate(changed)


def training(outcome: Any, hours: float = 10.0, run_id: str = "r2") -> Training:
    """A training of one hour that ended so many hours ago."""
    ended_at = None if outcome == "training" else before(hours)
    return Training(run_id, before(hours + 1), ended_at, outcome)


def reading(hours: float = 0.5, **changed: Any) -> Reading:
    """A reading of a healthy shop."""
    healthy = Reading(
        before(hours),
        new_events=100,
        known_events=10_000,
        users_without_list=0.1,
        unknown_items=0.05,
        turnover=0.02,
        shortfall=-0.1,
    )
    return replace(healthy, **changed)


def facts(**changed: Any) -> Facts:
    """A run of two days ago is live, and was watched half an hour ago."""
    live = LiveFact("r1", before(48), before(48))
    healthy = Facts("home", live, trainings=(training("ready", 47, "r1"),), readings=(reading(),))
    return replace(healthy, **changed)
