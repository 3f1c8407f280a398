"""The gate at publishing: every registered check of a run's stored lists.

The conditions stand in `list_checks` and `live_checks`; importing them registers them.
"""

from flows.session import Session
from flows.steps.publish import list_checks, live_checks  # noqa: F401  importing registers them
from flows.steps.publish.stored_lists import StoredLists
from fusion.evaluation.check import Check, run_checks
from fusion.runs.manifest import Manifest
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


def explain_refusal(run: RunRow) -> str:
    """Say why a run may not be published.

    Args:
        run: a run that is not ready.

    Returns:
        The checks that refused it, or the error that ended its training.
    """
    if run.status == "deleted":
        return "it was pruned, and its lists are gone"
    manifest = Manifest.of(run.manifest)
    reasons = []
    for check in manifest.checks:
        if not check["holds"]:
            reasons.append(f"{check['name']} ({check['message']})")
    if reasons:
        return "; ".join(reasons)
    return manifest.error or "its training has not ended"
