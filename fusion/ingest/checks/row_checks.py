"""The register of checks of single interactions, and the pass that leaves out what they flag."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare, example_rows
from fusion.ingest.settings import DataSettings

SHOWN = ("row", "user", "item", "time_text", "weight_text", "event")
"""Columns of an example, as far as they were read ..."""
SHOWN_AS = {"time_text": "time", "weight_text": "weight"}
"""... and what they are called there: the cells as they stand in the file."""
SEARCHED = 1000
"""Bad rows among which examples are chosen: an export may have millions of them."""

IsBad = Callable[[DataSettings, int], pl.Expr]
"""Gives the condition (Boolean, one a row) of a bad row, from the settings and now (ms)."""


@dataclass(frozen=True)
class RowCheck:
    """A check of single interactions.

    Attributes:
        kind: the kind of finding.
        needs: column without which the check is left out.
        is_bad: gives the condition of a bad row.
        differ_by: column in which examples should differ; None where any rows do.
    """

    kind: FindingKind
    needs: str
    is_bad: IsBad
    differ_by: str | None = None


@dataclass(frozen=True)
class CheckedRows:
    """Interactions after the checks.

    Attributes:
        frame: the rows that no check flags.
        findings: one for each check that flags any.
        left_out: rows by the code of the first check that flags them; a row counts once.
    """

    frame: pl.DataFrame
    findings: list[Finding]
    left_out: dict[str, int]


ROW_CHECKS: list[RowCheck] = []
"""Every check of single interactions, in the order of registration."""


def row_check(
    kind: FindingKind, needs: str, differ_by: str | None = None
) -> Callable[[IsBad], IsBad]:
    """Register the decorated function as a check of every interaction.

    Args:
        kind: the kind of finding, which is declared here.
        needs: column without which the check is left out.
        differ_by: column in which examples should differ.

    Returns:
        The decorator.
    """

    def register(is_bad: IsBad) -> IsBad:
        ROW_CHECKS.append(RowCheck(declare(kind), needs, is_bad, differ_by))
        return is_bad

    return register


def is_missing(column: str) -> pl.Expr:
    """Build the condition of a missing cell.

    Args:
        column: name of a column of the interactions.

    Returns:
        Boolean, one a row.
    """
    # A blank row lacks everything, and has a finding of its own.
    return pl.col(column).is_null() & ~pl.col("blank")


def is_unparsable(column: str) -> pl.Expr:
    """Build the condition of a cell that holds something which could not be read.

    Args:
        column: "time" or "weight", of which the cells as written are kept too.

    Returns:
        Boolean, one a row.
    """
    as_written = pl.col(f"{column}_text")
    return pl.col(column).is_null() & as_written.is_not_null()


def check_rows(frame: pl.DataFrame, settings: DataSettings, now: int) -> CheckedRows:
    """Leave out bad interactions, count and show them.

    Args:
        frame: (N,) interactions as `read_interactions` gives them.
        settings: the `[data]` section.
        now: epoch ms.

    Returns:
        What remains, the findings and the counts.
    """
    checks = [check for check in ROW_CHECKS if check.needs in frame.columns]
    # One pass over the rows evaluates all conditions side by side.
    flags = _flags(frame, checks, settings, now)
    counts = flags.select(pl.all().sum()).row(0, named=True)
    findings = []
    left_out = {}
    is_gone = pl.repeat(False, len(frame), eager=True, dtype=pl.Boolean)
    for check in checks:
        code = check.kind.code
        if not counts[code]:
            continue
        # A row with two faults is in both findings, but left out once.
        is_new = flags[code] & ~is_gone
        left_out[code] = int(is_new.sum())
        is_gone = is_gone | flags[code]
        findings.append(_finding(check, frame, flags[code], counts[code]))
    # Filtering copies every column, which clean data can be spared.
    remaining = frame.filter(~is_gone) if is_gone.any() else frame
    return CheckedRows(remaining, findings, left_out)


def _flags(
    frame: pl.DataFrame, checks: Sequence[RowCheck], settings: DataSettings, now: int
) -> pl.DataFrame:
    """Bad rows (N,) bool by the code of each check."""
    conditions = []
    for check in checks:
        # Null compares to null: what cannot be judged is not bad.
        is_bad = check.is_bad(settings, now).fill_null(False)
        conditions.append(is_bad.alias(check.kind.code))
    return frame.select(conditions)


def _finding(check: RowCheck, frame: pl.DataFrame, is_bad: pl.Series, count: int) -> Finding:
    message = f"{count} of {len(frame)} interactions have {check.kind.what}"
    examples = _examples(check, frame, is_bad)
    return check.kind.finding("interactions", count, message, examples, total=len(frame))


def _examples(check: RowCheck, frame: pl.DataFrame, is_bad: pl.Series) -> list[dict[str, object]]:
    rows = frame[is_bad.arg_true().head(SEARCHED)]
    if check.differ_by is not None:
        rows = rows.unique(check.differ_by, maintain_order=True)
    columns = [name for name in SHOWN if name in frame.columns]
    return example_rows(rows.select(columns).rename(SHOWN_AS, strict=False))
