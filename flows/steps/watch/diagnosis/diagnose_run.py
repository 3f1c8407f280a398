"""Diagnose a run: gather what is known, rank the causes, store them."""

from collections.abc import Iterable

from dashboards.diagnosis.cause import Cause
from dashboards.diagnosis.diagnose import diagnose
from flows.session import Session
from flows.steps.watch.diagnosis.gather import gather
from storage.schema.row_objects import RunRow
from storage.watches.diagnosis import DiagnosisRow, replace_diagnosis


def diagnose_run(
    session: Session, run: RunRow, previous: RunRow | None
) -> tuple[DiagnosisRow, ...]:
    """Rank the causes of what moved with a run, and store them in the place of earlier ones.

    Args:
        session: the database and its placement.
        run: the run, monitored.
        previous: the run that it is compared with; None for a first run.

    Returns:
        The most likely cause first.
    """
    rows = rows_of(diagnose(gather(session, run, previous)))
    replace_diagnosis(session.engine, run.run_no, rows)
    return rows


def rows_of(causes: Iterable[Cause]) -> tuple[DiagnosisRow, ...]:
    """Return causes as they are stored.

    Args:
        causes: the most likely first.
    """
    rows = []
    for rank, cause in enumerate(causes, start=1):
        row = DiagnosisRow(
            rank=rank,
            kind=cause.kind,
            subject=cause.subject,
            severity=cause.severity,
            code=cause.code,
            sentence=cause.sentence,
            parameters=dict(cause.parameters),
            evidence=[vars(figure).copy() for figure in cause.evidence],
        )
        rows.append(row)
    return tuple(rows)
