"""The gate at publishing: every registered check of a run's stored lists.

The conditions stand in `list_checks` and `live_checks`; importing them registers them.
"""

from flows.session import Session
from flows.steps.publish import list_checks, live_checks  # noqa: F401  importing registers them
from flows.steps.publish.stored_lists import StoredLists
from fusion.evaluation.check import Check, run_checks
from storage.schema.row_objects import RunRow


def publish_checks(
    session: Session, run: RunRow, live: RunRow | None, allow_older: bool = False
) -> list[Check]:
    """Judge a run by every check at publishing, in the present state of the database.

    Args:
        session: the database, the folder of runs and the limits of [gate].
        run: the run to show.
        live: the run that it would replace; None where nothing is live.
        allow_older: the run may know less of the data than what is live.

    Returns:
        The checks that apply, in the order in which people read them.
    """
    return run_checks("sql", StoredLists(session, run, live, allow_older))
