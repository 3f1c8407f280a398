"""What asks for a training: nothing live, realised quality, drift, coverage, turnover, age."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from flows.retrain_settings import RetrainSettings, TriggerSettings
from flows.steps.retrain.answer import FactRow, Ruling
from flows.steps.retrain.policy_facts import Facts, LiveFact, Reading, daily
from fusion.core.clocks import SKEW, ahead_sentence, is_ahead

HOURS_A_DAY = 24
Measure = Callable[[Reading], float | None]


def triggers(settings: RetrainSettings, facts: Facts, now: datetime) -> Iterator[Ruling]:
    """Iterate over everything that may ask for a training, the most telling first.

    Args:
        settings: the `[retrain]` section.
        facts: as of `now`.
        now: aware time.

    Yields:
        Rulings, whose row is met where they ask.
    """
    row = FactRow("live_runs", "trigger", int(facts.live is not None), 0, facts.live is None)
    yield Ruling(row, "first", "first", {"placement": facts.placement})
    if facts.live is None:
        return
    fresh = fresh_readings(settings, facts, now)
    yield _quality(settings, facts.live, fresh)
    yield _drift(settings, facts, bool(fresh))
    yield _coverage(settings, facts.live, fresh)
    yield _turnover(settings, facts.live, fresh)
    yield _new_events(settings, facts.live, fresh)
    yield _age(settings, facts.live, now)


def fresh_readings(settings: RetrainSettings, facts: Facts, now: datetime) -> list[Reading]:
    """Return one reading a day, if the newest one is recent enough to decide by.

    Args:
        settings: the `[retrain]` section.
        facts: as of `now`.
        now: aware time.

    Returns:
        Newest first; none where the newest is too old, or lies in the future.
    """
    known = [one for one in facts.readings if one.as_of <= now + SKEW]
    if not known or now - known[0].as_of > timedelta(hours=settings.max_watch_age):
        return []
    return daily(known, settings.timezone)


def new_data(settings: RetrainSettings, facts: Facts, now: datetime) -> Ruling:
    """Rule whether too little is new for a training to learn from.

    Args:
        settings: the `[retrain]` section.
        facts: as of `now`.
        now: aware time.

    Returns:
        A ruling that holds where fewer events than wanted are known to be new.
    """
    fresh = fresh_readings(settings, facts, now)
    value = fresh[0].new_events if fresh else None
    is_held = value is not None and value < settings.min_new_events
    row = FactRow("min_new_events", "hold", value, settings.min_new_events, is_held, int(is_held))
    run = facts.live.run_id if facts.live else None
    said = {"new_events": value, "run": run, "minimum": settings.min_new_events}
    return Ruling(row, "new_data", "no_new_data", said)


def _quality(settings: RetrainSettings, live: LiveFact, fresh: Sequence[Reading]) -> Ruling:
    row = _counted("quality", settings.quality, fresh, lambda one: one.shortfall)
    said = {"run": live.run_id, "shortfall_share": row.value}
    return Ruling(row, "quality", "quality", said)


def _drift(settings: RetrainSettings, facts: Facts, is_fresh: bool) -> Ruling:
    """Count the changes that have been seen often enough."""
    wanted = settings.drift.times
    lasting = [one for one in facts.changes if one.times >= wanted]
    threshold = settings.drift.threshold if settings.drift.enabled else None
    met = is_fresh and threshold is not None and len(lasting) >= threshold
    times = max((one.times for one in facts.changes), default=0)
    value = len(facts.changes) if is_fresh else None
    row = FactRow("drift", "trigger", value, threshold, met, times, wanted)
    causes = ", ".join(f"{one.cause} of {one.subject}" for one in lasting)
    run = facts.live.run_id if facts.live else None
    return Ruling(row, "drift", "drift", {"run": run, "causes": causes})


def _coverage(settings: RetrainSettings, live: LiveFact, fresh: Sequence[Reading]) -> Ruling:
    row = _counted("coverage", settings.coverage, fresh, lambda one: one.not_covered)
    is_of_users = bool(fresh) and fresh[0].users_without_list == row.value
    whose = "by users without a list" if is_of_users else "on items that it did not know"
    said = {"run": live.run_id, "share": row.value, "whose": whose}
    return Ruling(row, "coverage", "coverage", said)


def _turnover(settings: RetrainSettings, live: LiveFact, fresh: Sequence[Reading]) -> Ruling:
    row = _counted(
        "catalogue_turnover", settings.catalogue_turnover, fresh, lambda one: one.turnover
    )
    said = {"run": live.run_id, "share": row.value}
    return Ruling(row, "catalogue_turnover", "catalogue_turnover", said)


def _new_events(settings: RetrainSettings, live: LiveFact, fresh: Sequence[Reading]) -> Ruling:
    row = _counted("new_events", settings.new_events, fresh, lambda one: one.new_share)
    count = fresh[0].new_events if fresh else None
    said = {"run": live.run_id, "new_events": count, "share": row.value}
    return Ruling(row, "new_events", "new_events", said)


def _counted(
    fact: str, trigger: TriggerSettings, fresh: Sequence[Reading], measure: Measure
) -> FactRow:
    """Count how many readings in a row, the newest first, meet a threshold."""
    value = measure(fresh[0]) if fresh else None
    times = 0
    for reading in fresh:
        measured = measure(reading)
        if measured is None or measured < trigger.threshold:
            break
        times += 1
    threshold = trigger.threshold if trigger.enabled else None
    met = trigger.enabled and times >= trigger.times
    return FactRow(fact, "trigger", value, threshold, met, times, trigger.times)


def _age(settings: RetrainSettings, live: LiveFact, now: datetime) -> Ruling:
    hours = (now - live.trained_at).total_seconds() / 3600
    days = hours / HOURS_A_DAY
    # A clock that was ahead must not end all training until that time has come.
    if is_ahead(live.trained_at, now):
        ahead = ahead_sentence(f"live run {live.run_id} was trained", live.trained_at, now)
        row = FactRow("age_days", "trigger", days, settings.max_age, True, 1)
        return Ruling(row, "age", "age_ahead", {"ahead": ahead})
    is_old = hours >= settings.max_age * HOURS_A_DAY
    row = FactRow("age_days", "trigger", days, settings.max_age, is_old, int(is_old))
    said = {"run": live.run_id, "age_hours": hours, "max_age": settings.max_age}
    return Ruling(row, "age", "age_passed" if is_old else "age_within", said)
