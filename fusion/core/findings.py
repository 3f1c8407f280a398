"""Findings: problems and oddities of the data, each of a declared kind with its cure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from fusion.errors import DataError, cut_words

Severity = Literal["error", "warning"]
EXAMPLES = 3
"""Rows that a finding shows: enough to recognise a pattern, few enough to read."""


@dataclass(frozen=True)
class Finding:
    """A problem or an oddity of the data.

    Attributes:
        code: name of its kind, a key of `FINDING_KINDS`.
        severity: an error stops the run.
        subject: the file or table concerned.
        count: rows, ids or files concerned.
        message: a sentence for a person.
        examples: the first rows concerned, as column: value.
        cure: a sentence that says how to mend the data.
        check: name of the user's own check that is broken; None for checks of the product.
        total: rows, ids or cells of which `count` is a part; 0 where a share would mean nothing.
    """

    code: str
    severity: Severity
    subject: str
    count: int
    message: str
    examples: list[dict[str, Any]] = field(default_factory=list)
    cure: str = ""
    check: str | None = None
    total: int = 0

    def text(self) -> str:
        """Write the finding as one paragraph for a person to read."""
        rows = [_cells(example) for example in self.examples]
        shown = f" For example: {'; '.join(rows)}." if rows else ""
        return f"{self.severity} {self.code} ({self.subject}): {self.message}.{shown} {self.cure}"


def _cells(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in row.items())


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding.

    Attributes:
        code: its name, unique.
        severity: severity of a finding, unless `limit` makes it an error.
        what: what is wrong, in a few words.
        happens: what becomes of the data concerned.
        cure: a sentence that says how to mend the data.
        limit: share in [0, 1] above which a warning becomes an error; None for never.
    """

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
        """Make a finding of this kind.

        Args:
            subject: the file or table concerned.
            count: rows, ids or files concerned.
            message: a sentence for a person.
            examples: rows concerned; only the first `EXAMPLES` are kept.
            total: of how many; 0 where a share of them means nothing.

        Returns:
            The finding; an error where more than `limit` of `total` is concerned.
        """
        # A few such rows are noise; many mean that the file is not read as it was meant.
        too_many = self.limit is not None and total > 0 and count / total > self.limit
        severity: Severity = "error" if too_many else self.severity
        shown = list(examples)[:EXAMPLES]
        words = cut_words(message)
        return Finding(self.code, severity, subject, count, words, shown, self.cure, total=total)

    def stop(
        self, subject: str, message: str, examples: Sequence[dict[str, Any]] = (), count: int = 1
    ) -> "Unusable":
        """Make the exception for a finding after which reading cannot go on.

        Args:
            subject: the file or table concerned.
            message: a sentence for a person.
            examples: rows concerned.
            count: rows, ids or files concerned.

        Returns:
            The exception, for the caller to raise.
        """
        return Unusable(self.finding(subject, count, message, examples))


class Unusable(DataError):
    """Reading stopped at `finding`."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text())
        self.finding = finding


FINDING_KINDS: dict[str, FindingKind] = {}
"""Every kind of finding by code."""


def declare(kind: FindingKind) -> FindingKind:
    """Add a kind of finding to `FINDING_KINDS`, and so to the table in docs/data.md.

    Args:
        kind: with a code that no other kind has.

    Returns:
        The kind itself.

    Raises:
        ValueError: another kind has this code.
    """
    if kind.code in FINDING_KINDS:
        raise ValueError(f"two kinds of finding are called {kind.code!r}")
    FINDING_KINDS[kind.code] = kind
    return kind


def example_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the first rows of a frame as examples of a finding.

    Args:
        frame: the rows concerned.

    Returns:
        At most `EXAMPLES` rows as column: value, without columns that are null there.
    """
    examples = []
    for row in frame.head(EXAMPLES).to_dicts():
        present = {name: value for name, value in row.items() if value is not None}
        examples.append(present)
    return examples


def as_table() -> str:
    """Return all kinds of finding, by code, as the Markdown table of docs/data.md."""
    lines = ["| code | what | severity | what happens | cure |", "| --- | --- | --- | --- | --- |"]
    for _, kind in sorted(FINDING_KINDS.items()):
        severity: str = kind.severity
        if kind.limit is not None:
            severity = f"{severity}; error above {kind.limit:.0%}"
        lines.append(f"| `{kind.code}` | {kind.what} | {severity} | {kind.happens} | {kind.cure} |")
    return "\n".join(lines)
