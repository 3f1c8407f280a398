"""`fusion report`: the page of a run as one file."""

from collections.abc import Callable
from pathlib import Path

from dashboards.language.catalogue import DEFAULT
from dashboards.pages.frame import Site
from dashboards.pages.one_file import BEGIN
from dashboards.pages.runs.report import run_report
from flows.session import Session
from flows.steps.own_file import write_own
from flows.steps.site.runs.run_facts import facts_of
from flows.steps.site.site import reads_of
from storage.runs.runs import find_run


def write_report_file(
    session: Session, name: str, file: Path, as_typed: Callable[[str], str], language: str = DEFAULT
) -> str:
    """Write the page of a run to a file, for mail and archives.

    Args:
        session: the database and the folders, which are only read.
        name: a run's id, or a slot.
        file: which; its folder must exist.
        as_typed: completes a command that the page shows, so that it can be typed as it stands.
        language: in which it speaks.

    Returns:
        The id of the run.

    Raises:
        ConfigError: there is no such run; the file is there and is no report, or it cannot be
            written.
        DataError: the manifest of the run was changed by somebody.
        OSError: the disk is full.
    """
    run = find_run(session.engine, session.placement, name)
    site = Site(session.placement, reads_of(session), as_typed, session.config.data.timezone)
    write_own(
        file,
        BEGIN,
        "report of fusion",
        lambda: run_report(site, facts_of(session, run), language),
    )
    return run.run_id
