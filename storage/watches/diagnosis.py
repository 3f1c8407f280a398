"""Most likely causes of what moved with a run, as monitoring ranked them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, select

from storage.database.engine import writing
from storage.schema.types import utc_now
from storage.schema.watch_tables import diagnosis


@dataclass(frozen=True)
class DiagnosisRow:
    """A cause of what moved with a run.

    Attributes:
        rank: from 1, the most likely.
        kind: data, candidates, ranker, rules or publish; unknown where nothing explains what moved;
            chance where nothing moved beyond it.
        subject: what is concerned, such as `interactions` or `source ease`.
        severity: "alarm" where something is broken, "look" where it moved, "none" for chance.
        code: of the sentence.
        sentence: in words for a person.
        parameters: what the sentence was made of.
        evidence: figures that it rests on: subject, name, value, before, low, high.
    """

    rank: int
    kind: str
    subject: str
    severity: str
    code: str
    sentence: str
    parameters: dict[str, Any]
    evidence: list[dict[str, Any]]


_COLUMNS = [diagnosis.c[name] for name in DiagnosisRow.__dataclass_fields__]


def replace_diagnosis(
    engine: Engine, run_no: int, rows: Iterable[DiagnosisRow], at: datetime | None = None
) -> None:
    """Store the causes of a run; those that stood before go.

    Args:
        engine: from `connect`.
        run_no: the run.
        rows: its causes.
        at: aware time; now when None.
    """
    moment = at or utc_now()
    # A document of ours is an object, in every column.
    stored = [
        {"run_no": run_no, "at": moment, **vars(row), "evidence": {"rows": row.evidence}}
        for row in rows
    ]
    # In one transaction: no reader sees a run without its causes.
    with writing(engine) as connection:
        connection.execute(delete(diagnosis).where(diagnosis.c.run_no == run_no))
        if stored:
            connection.execute(insert(diagnosis), stored)


def diagnosis_of(engine: Engine, run_no: int) -> list[DiagnosisRow]:
    """Return the causes of what moved with a run.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        The most likely first; none for a run that was not monitored, or that was pruned.
    """
    wanted = select(*_COLUMNS).where(diagnosis.c.run_no == run_no).order_by(diagnosis.c.rank)
    with engine.connect() as connection:
        rows = connection.execute(wanted).mappings()
        return [DiagnosisRow(**{**row, "evidence": row["evidence"]["rows"]}) for row in rows]
