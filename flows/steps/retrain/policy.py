"""The retraining policy: a pure function of settings, a table of facts and the moment.

Nothing here reads a clock, a file or a database, so that a replay can ask it about the past.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from flows.retrain_settings import RetrainSettings
from flows.steps.retrain.answer import Due, Ruling, answer
from flows.steps.retrain.holds import holds
from flows.steps.retrain.policy_facts import Facts
from flows.steps.retrain.triggers import new_data, triggers

NEED_NO_EVENTS = ("first", "catalogue_turnover")
"""Triggers that ask though no event is new: nothing is live, or it is items that are new."""


def policy(
    settings: RetrainSettings, facts: Facts, now: datetime, forced_by: str | None = None
) -> Due:
    """Decide whether a training is due.

    What holds a training back is looked at first, then what asks for one.

    Args:
        settings: the `[retrain]` section.
        facts: as of `now`.
        now: aware time.
        forced_by: who asked for a training whatever the policy says; None where nobody did.

    Returns:
        The answer, with every fact that was looked at.
    """
    holding = list(holds(settings, facts, now))
    asking = list(triggers(settings, facts, now))
    too_little = new_data(settings, facts, now)
    unforced = _decide(holding, too_little, asking, facts)
    decided = unforced if forced_by is None else _forced(unforced, forced_by)
    rows = tuple(one.row for one in (*holding, too_little, *asking))
    return replace(decided, rows=rows)


def _decide(holding: list[Ruling], too_little: Ruling, asking: list[Ruling], facts: Facts) -> Due:
    """Decide by the first that holds, else by the first that asks, else by age, the last one."""
    for ruling in holding:
        if ruling.row.met:
            note = facts.note if ruling.trigger == "data" else ""
            return _answer(False, ruling, note=note)
    met = [ruling for ruling in asking if ruling.row.met]
    if not met:
        return _answer(False, asking[-1], note=facts.note)
    if too_little.row.met:
        met = [ruling for ruling in met if ruling.trigger in NEED_NO_EVENTS]
        if not met:
            return _answer(False, too_little)
    also = [ruling.trigger for ruling in met[1:]]
    return _answer(True, met[0], also=also, note=facts.note)


def _answer(due: bool, ruling: Ruling, **more: Any) -> Due:
    said = {name: value for name, value in more.items() if value}
    return answer(due, ruling.trigger, ruling.code, {**ruling.parameters, **said})


def _forced(unforced: Due, by: str) -> Due:
    """Return that a training is due, with what the answer would be without force."""
    if unforced.due:
        return answer(True, "force", "forced", {"by": by})
    said = {"by": by, "instead": unforced.reason, "held_by": unforced.trigger}
    return answer(True, "force", "forced_against", said)
