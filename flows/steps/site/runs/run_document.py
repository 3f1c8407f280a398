"""Everything that is known of a run, for machines."""

from dataclasses import asdict, astuple

from dashboards.pages.runs.facts import RunDocument
from flows.session import Session
from flows.steps.site.runs.report_parts import drift_of, folder_of_report
from flows.steps.site.runs.run_facts import find
from fusion.masking import mask_all
from storage.database.errors import NoDatabase
from storage.reading.of_runs.run_figures import run_figures


def read_document(session: Session, placement: str, name: str) -> RunDocument | None:
    """Read everything that is known of a run, without secrets.

    Args:
        session: the database and the folder of runs.
        placement: where its lists are shown.
        name: its id, or a slot.

    Returns:
        None where there is no such run.
    """
    try:
        engine = session.engine
    except NoDatabase:
        return None
    run = find(engine, placement, name)
    if run is None:
        return None
    report = drift_of(folder_of_report(session.runs, run.run_id))
    return RunDocument(
        run_id=run.run_id,
        run=mask_all(asdict(run)),
        figures=[astuple(one) for one in run_figures(engine, run.run_no)],
        drift=[asdict(one) for one in report.columns] if report else [],
    )
