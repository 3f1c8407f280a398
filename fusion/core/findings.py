"""Findings: what is wrong or odd in the data, each of a declared kind with its severity, consequence and cure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from fusion.errors import DataError

Severity = Literal["error", "warning"]
EXAMPLES = 3
"""How many rows a finding shows."""


@dataclass(frozen=True)
class Finding:
    """One thing found: `count` rows, ids or files of `subject`, a few `examples`, and what to do about it."""

    code: str
    severity: Severity
    subject: str
    count: int
    message: str
    examples: list[dict[str, Any]] = field(default_factory=list)
    cure: str = ""

    def text(self) -> str:
        """One paragraph for a person to read."""
        shown = "; ".join(
            ", ".join(f"{name}={value!r}" for name, value in row.items()) for row in self.examples
        )
        example = f" For example: {shown}." if shown else ""
        return f"{self.severity} {self.code} ({self.subject}): {self.message}.{example} {self.cure}"


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding. A warning becomes an error where more than the share `limit` is concerned."""

    code: str
    severity: Severity
    what: str
    happens: str
    cure: str
    limit: float | None = None

    def finding(
        self,
        subject: str,
        count: int,
        message: str,
        examples: Sequence[dict[str, Any]] = (),
        total: int = 0,
    ) -> Finding:
        """Say that `count` of `total` things of `subject` are of this kind."""
        too_many = self.limit is not None and total > 0 and count / total > self.limit
        severity: Severity = "error" if too_many else self.severity
        return Finding(
            self.code, severity, subject, count, message, list(examples)[:EXAMPLES], self.cure
        )

    def stop(
        self, subject: str, message: str, examples: Sequence[dict[str, Any]] = (), count: int = 1
    ) -> "Unusable":
        """Make the exception that says so where reading cannot go on."""
        return Unusable(self.finding(subject, count, message, examples))


class Unusable(DataError):
    """Reading stopped at `finding`."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text())
        self.finding = finding


FINDING_KINDS: dict[str, FindingKind] = {}
"""Every kind of finding by code."""


def declare(rule: FindingKind) -> FindingKind:
    """Add a kind of finding to FINDING_KINDS, and so to the table in docs/data.md."""
    if rule.code in FINDING_KINDS:
        raise ValueError(f"two rules are called {rule.code!r}")
    FINDING_KINDS[rule.code] = rule
    return rule


def example_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Give the first rows of `frame` as examples, columns without any value there left out."""
    head = frame.head(EXAMPLES)
    return [
        {name: value for name, value in row.items() if value is not None} for row in head.to_dicts()
    ]


def as_table() -> str:
    """Give every rule, by code, as the Markdown table that docs/data.md shows."""
    lines = ["| code | what | severity | what happens | cure |", "| --- | --- | --- | --- | --- |"]
    for _, rule in sorted(FINDING_KINDS.items()):
        severity = (
            rule.severity
            if rule.limit is None
            else f"{rule.severity}; error above {rule.limit:.0%}"
        )
        lines.append(f"| `{rule.code}` | {rule.what} | {severity} | {rule.happens} | {rule.cure} |")
    return "\n".join(lines)
