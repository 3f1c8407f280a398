"""A cause of what moved, with the figures that it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from dashboards.diagnosis.facts import Pair
from dashboards.diagnosis.kinds import KINDS, SEVERITIES, Kind, Severity
from dashboards.diagnosis.sentences import sentence_of


@dataclass(frozen=True)
class Evidence:
    """A figure that a cause rests on; what is not known, or is no number, is None.

    Attributes:
        subject: what was measured, as in the table `metric` where it stands there.
        name: the figure.
        value: of this run.
        before: of the run before; of a feature's importance, too.
        low: lower end of what is usual, or of the interval.
        high: upper end, or the limit.
    """

    subject: str
    name: str
    value: float | None = None
    before: float | None = None
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Take out what JSON has no word for."""
        for name in ("value", "before", "low", "high"):
            number = getattr(self, name)
            if number is not None and not isfinite(number):
                object.__setattr__(self, name, None)

    @classmethod
    def of(cls, subject: str, name: str, pair: Pair) -> "Evidence":
        """Return a figure of both runs.

        Args:
            subject: what was measured.
            name: the figure.
            pair: its values.
        """
        return cls(subject, name, pair.now, pair.before)


@dataclass(frozen=True)
class Cause:
    """A cause of what moved.

    Attributes:
        kind: where the fault is.
        subject: what is concerned.
        severity: "alarm" where something is broken, "look" where it moved, "none" for chance.
        code: of the sentence.
        parameters: of the sentence; texts and finite numbers.
        evidence: figures that it rests on.
    """

    kind: Kind
    subject: str
    severity: Severity
    code: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()

    @property
    def sentence(self) -> str:
        """The cause in words, with what to look at next."""
        return sentence_of(self.code, self.parameters)

    @property
    def order(self) -> tuple[int, int]:
        """Key by which causes are ranked: what is broken first, and of it what is upstream."""
        return SEVERITIES.index(self.severity), KINDS.index(self.kind)
