"""What a night left behind for whoever looks: exit codes, alerts, decisions, runs, warnings."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from benchmarks.night.fast_motion.turns import Step

LENGTH = 220
"""Characters of a record that are kept."""
NEWEST = {
    "alert": "SELECT coalesce(max(id), 0) FROM alert",
    "decision": "SELECT coalesce(max(id), 0) FROM decision",
    "run": "SELECT coalesce(max(run_no), 0) FROM run",
}
ROWS = {
    "alert": "SELECT cause, severity, message FROM alert WHERE id > :newest ORDER BY id",
    "decision": ('SELECT "trigger", due, reason FROM decision WHERE id > :newest ORDER BY id'),
    "run": (
        "SELECT run_id, status, kind FROM run WHERE run_no > :newest "
        "AND status NOT IN ('ready', 'deleted') ORDER BY run_no"
    ),
}


@dataclass(frozen=True)
class Before:
    """How far tables had come before a night.

    Attributes:
        newest: highest number of each table.
    """

    newest: dict[str, int]


def look(engine: Engine) -> Before:
    """Note how far tables have come.

    Args:
        engine: of a reader.
    """
    with engine.connect() as connection:
        return Before({name: connection.scalar(text(ask)) or 0 for name, ask in NEWEST.items()})


def records(
    engine: Engine, before: Before, steps: Sequence[Step], warnings: Sequence[str]
) -> list[str]:
    """Return every record of a night as a line that begins with its kind.

    Args:
        engine: of a reader.
        before: from before the night.
        steps: of the night.
        warnings: of its log.
    """
    lines = []
    for step in steps:
        if step.code:
            lines.append(f"exit {step.verb} {step.code}: {step.message}")
    with engine.connect() as connection:
        for name, ask in ROWS.items():
            for row in connection.execute(text(ask), {"newest": before.newest[name]}):
                lines.append(f"{name} {row[0]} {_shown(row[1])}: {row[2]}")
    lines += [f"log {warning}" for warning in warnings]
    return [" ".join(line.split())[:LENGTH] for line in lines]


def found(lines: Sequence[str], sign: str) -> list[str]:
    """Return the records in which a fault shows.

    Args:
        lines: from `records`.
        sign: regular expression of them.
    """
    return [line for line in lines if re.search(sign, line)]


@contextmanager
def warnings_kept() -> Iterator[list[str]]:
    """Keep the warnings that are logged while the block runs.

    Yields:
        Their sentences.
    """
    kept: list[str] = []

    class _Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(f"{record.levelname.lower()}: {record.getMessage()}")

    handler = _Keeping(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        yield kept
    finally:
        logging.getLogger().removeHandler(handler)


def _shown(value: Any) -> str:
    return {True: "due", False: "not due"}.get(value, str(value))
