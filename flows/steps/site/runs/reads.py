"""The functions that the pages about runs read with."""

from dashboards.pages.runs.reads import RunsReads
from flows.session import Session
from flows.steps.site.runs.run_document import read_document
from flows.steps.site.runs.run_facts import read_run
from flows.steps.site.runs.run_pair import read_pair
from flows.steps.site.runs.run_table import read_table


def runs_reads(session: Session) -> RunsReads:
    """Return the functions that pages about runs read with.

    Args:
        session: whose database and folders they read.
    """
    return RunsReads(
        table=lambda placement, query: read_table(session, placement, query),
        run=lambda placement, name: read_run(session, placement, name),
        document=lambda placement, name: read_document(session, placement, name),
        pair=lambda placement, old, new: read_pair(session, placement, old, new),
    )
