"""The policy's answer: a ruling, the facts behind it, and one sentence."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from flows.steps.retrain.sentences import sentence

ALERTED = 4
"""Exit code of alerts, and of broken data that holds a training, as docs/cli.md lists it."""


@dataclass(frozen=True)
class FactRow:
    """One fact, beside what would make it count.

    Attributes:
        fact: its name.
        role: whether it holds a training back or asks for one.
        value: what is the case; None where it is not known.
        threshold: what it is compared with; None where its trigger is not enabled.
        met: whether it holds back or asks, now.
        times: how often in a row the threshold was met.
        wanted: how often in a row it must be.
    """

    fact: str
    role: Literal["hold", "trigger"]
    value: float | None
    threshold: float | None
    met: bool
    times: int = 0
    wanted: int = 1


@dataclass(frozen=True)
class Ruling:
    """A fact, and what the answer would be if it decided.

    Attributes:
        row: the fact.
        trigger: the rule that decides.
        code: of the sentence.
        parameters: of the sentence, as JSON knows them.
    """

    row: FactRow
    trigger: str
    code: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Due:
    """The policy's answer.

    Attributes:
        due: whether a training is due.
        trigger: the rule that decided: force; data, frozen, challenger, cooldown, backoff, quiet
            or new_data, which hold; first, quality, drift, coverage, catalogue_turnover,
            new_events or age, which ask.
        reason: a sentence for a person.
        code: what kind of sentence that is.
        parameters: what it was made of, as JSON knows it.
        rows: every fact that was looked at, with its threshold.
    """

    due: bool
    trigger: str
    reason: str
    code: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    rows: tuple[FactRow, ...] = ()

    @property
    def exit_code(self) -> int:
        """4 where broken data holds the training, else 0."""
        return ALERTED if self.trigger == "data" and not self.due else 0


def answer(
    due: bool, trigger: str, code: str, parameters: dict[str, Any], rows: Iterable[FactRow] = ()
) -> Due:
    """Make an answer with its sentence.

    Args:
        due: whether a training is due.
        trigger: the rule that decided.
        code: of the sentence.
        parameters: of the sentence, as JSON knows them.
        rows: every fact that was looked at.

    Returns:
        The answer.
    """
    return Due(due, trigger, sentence(code, parameters), code, parameters, tuple(rows))
