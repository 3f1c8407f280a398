"""What holds a training back, whatever asks for one."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from flows.retrain_settings import RetrainSettings
from flows.steps.retrain.answer import FactRow, Ruling
from flows.steps.retrain.policy_facts import Facts, Training
from fusion.core.clocks import is_ahead

SECONDS_AN_HOUR = 3600
CAUSES_NAMED = 3


def holds(settings: RetrainSettings, facts: Facts, now: datetime) -> Iterator[Ruling]:
    """Iterate over everything that may hold a training back, in the order in which it counts.

    Args:
        settings: the `[retrain]` section.
        facts: as of `now`.
        now: aware time.

    Yields:
        Rulings, whose row is met where they hold.
    """
    yield _faults(facts)
    yield _frozen(facts, now)
    yield _challenger(facts)
    yield _cooldown(settings, facts, now)
    yield _backoff(settings, facts, now)
    yield _quiet(settings, now)


def _faults(facts: Facts) -> Ruling:
    causes = [f"{one.cause} of {one.subject}" for one in facts.faults[:CAUSES_NAMED]]
    row = _hold("open_faults", len(facts.faults), 1, bool(facts.faults))
    alert = facts.faults[0].id if facts.faults else None
    return Ruling(row, "data", "fault", {"causes": ", ".join(causes), "alert": alert})


def _frozen(facts: Facts, now: datetime) -> Ruling:
    until = facts.live.frozen_until if facts.live else None
    is_frozen = until is not None and until > now
    hours = _hours(now, until) if is_frozen and until else 0.0
    shown = f"{until:%Y-%m-%d %H:%M} UTC" if until else ""
    row = _hold("frozen_hours", hours, 0, is_frozen)
    return Ruling(row, "frozen", "frozen", {"placement": facts.placement, "until": shown})


def _challenger(facts: Facts) -> Ruling:
    waits = facts.challenger is not None
    row = _hold("challengers", int(waits), 1, waits)
    return Ruling(row, "challenger", "challenger", {"run": facts.challenger})


def _cooldown(settings: RetrainSettings, facts: Facts, now: datetime) -> Ruling:
    """Hold where a training began less than the cool-down ago, published or refused.

    One whose time lies in the future did not: else a clock that was ahead would end all training
    until that time has come.
    """
    newest = facts.newest
    if newest is None or is_ahead(newest.began_at, now):
        return Ruling(_hold("cooldown_hours", None, settings.cooldown, False), "cooldown", "", {})
    hours = _hours(newest.began_at, now)
    row = _hold("cooldown_hours", hours, settings.cooldown, hours < settings.cooldown)
    said = {"run": newest.run_id, "ago_hours": hours, "cooldown": settings.cooldown}
    return Ruling(row, "cooldown", "cooldown", said)


def _backoff(settings: RetrainSettings, facts: Facts, now: datetime) -> Ruling:
    """Hold for twice as long after each further training in a row that was refused or failed."""
    streak = _without_success(facts)
    if not streak:
        return Ruling(_hold("backoff_hours", None, 0, False), "backoff", "", {})
    newest = streak[0]
    ended_at = newest.ended_at or newest.began_at
    hours = _hours(ended_at, now)
    wait = backoff_hours(settings, len(streak))
    is_held = hours < wait and not is_ahead(ended_at, now)
    said = {"failed": len(streak), "run": newest.run_id, "ago_hours": hours, "wait_hours": wait}
    return Ruling(_hold("backoff_hours", hours, wait, is_held), "backoff", "backoff", said)


def backoff_hours(settings: RetrainSettings, failed: int) -> float:
    """Return how long the next training waits.

    Args:
        settings: the `[retrain]` section.
        failed: trainings in a row that were refused or failed, at least one.

    Returns:
        Hours since the end of the newest of them.
    """
    # More doublings than these are beyond any cap, and 2**n of a large n is no float.
    doublings = min(failed - 1, 64)
    return float(min(settings.max_backoff, settings.backoff * 2.0**doublings))


def _without_success(facts: Facts) -> list[Training]:
    """Trainings that were refused or failed since the last one that was not, newest first."""
    streak = []
    for training in facts.trainings:
        if training.outcome in ("ready", "training"):
            break
        if training.outcome != "interrupted":
            streak.append(training)
    return streak


def _quiet(settings: RetrainSettings, now: datetime) -> Ruling:
    """Hold within quiet hours, by what clocks on the wall show.

    Where a clock is turned back, its hour is quiet twice; an hour that is left out holds nothing.
    """
    local = now.astimezone(ZoneInfo(settings.timezone)).time()
    within = ""
    for span, (begin, end) in zip(settings.quiet_hours, settings.quiet_spans(), strict=True):
        past_midnight = end < begin
        is_within = begin <= local or local < end if past_midnight else begin <= local < end
        within = within or (span if is_within else "")
    row = _hold("quiet_hours", int(bool(within)), 1, bool(within))
    said = {"local": f"{local:%H:%M}", "timezone": settings.timezone, "span": within}
    return Ruling(row, "quiet", "quiet", said)


def _hold(fact: str, value: float | None, threshold: float, met: bool) -> FactRow:
    return FactRow(fact, "hold", value, threshold, met, times=int(met))


def _hours(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / SECONDS_AN_HOUR
