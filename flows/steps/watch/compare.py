"""Comparison of two runs: how many lists change, by which items, and what the verdicts were."""

from dataclasses import dataclass
from typing import Any

from dashboards.measures.stability import Stability, stability
from flows.session import Session
from flows.steps.alerts.circumstances import circumstances
from flows.steps.publish.publish_checks import explain_refusal
from flows.steps.run_damage import require_whole
from flows.steps.watch.changed_lists import ChangedLists, ListsOfRun, changed_lists
from flows.steps.watch.twin import lists_with_history, twin_lists
from fusion.errors import DataError
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.read import served_of
from storage.runs.retention import ENDED
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow

DEPTH = 10
"""Ranks that are compared: what a page shows, as in the metrics."""


@dataclass(frozen=True)
class Comparison:
    """Two runs beside each other, at depth DEPTH.

    Attributes:
        old: the run that is shown, or was.
        new: the run that would take its place, or took it.
        stable: how alike the lists are.
        changed: the same by groups of users, and by which items.
        no_floor: why nothing says what chance alone changes in the new lists; "" where the twin
            does.
        differences: what else differs between the two runs, a sentence each.
    """

    old: RunRow
    new: RunRow
    stable: Stability
    changed: ChangedLists
    no_floor: str = ""
    differences: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison for machines."""
        return {
            "from": self.old.run_id,
            "to": self.new.run_id,
            "differences": self.differences,
            "no_floor": self.no_floor or None,
            "groups": self.changed.groups,
            "stability": self.stable.rows(),
            "gained": self.changed.gained,
            "lost": self.changed.lost,
            "moved": self.changed.moved,
            "verdicts": [verdict_of(self.old), verdict_of(self.new)],
        }


def compare(session: Session, old: str, new: str) -> Comparison:
    """Compare the lists of two runs.

    Args:
        session: the database and the folder of runs.
        old: a run's id, or a slot.
        new: a run's id, or a slot.

    Returns:
        The comparison.

    Raises:
        DataError: one of them has no lists, or the folder of the new one is damaged.
    """
    before = _run_with_lists(session, old)
    after = _run_with_lists(session, new)
    old_lists = lists_with_history(session.engine, before.run_no, DEPTH)
    new_lists = lists_with_history(session.engine, after.run_no, DEPTH)
    served = served_of(session.engine, after.run_no)
    routes = served.select("user_id", segment="route")
    around = circumstances(after, before)
    folder = RunFolder(folder_of(session.runs, after.run_id))
    # A folder that was pruned is gone as a whole; one without the file alone is damaged.
    has_twin = not around.no_floor and folder.path.exists()
    if has_twin:
        files = (folder.twin, folder.user_ids, folder.item_ids)
        require_whole(folder.path, [file.relative_to(folder.path).as_posix() for file in files])
    twin = twin_lists(folder) if has_twin else None
    stable = stability(old_lists, new_lists, DEPTH, routes, twin)
    old_run = ListsOfRun(before.run_id, old_lists)
    new_run = ListsOfRun(after.run_id, new_lists)
    return Comparison(
        before,
        after,
        stable,
        changed_lists(session.runs, old_run, new_run, stable.users, served),
        no_floor=around.no_floor,
        differences=tuple(reason.sentence for reason in around.reasons),
    )


def _run_with_lists(session: Session, name: str) -> RunRow:
    run = find_run(session.engine, session.placement, name)
    if run.status not in ENDED:
        raise DataError(
            f"run {run.run_id} is {run.status}, without lists to compare: {explain_refusal(run)}; "
            "`fusion runs` shows which runs are ready"
        )
    return run


def verdict_of(run: RunRow) -> dict[str, Any]:
    """Return the verdict on a run before it could be shown, in short.

    Args:
        run: its row.

    Returns:
        What was judged, the metrics of what was chosen, and how it stood to the live run; None for
        what the run lacks.
    """
    report = run.verdict or {}
    split = report.get("split") or {}
    chosen = report.get("chosen", "")
    return {
        "run_id": run.run_id,
        "method": run.method,
        "as_of": run.as_of,
        "created_at": run.created_at,
        "users": report.get("users"),
        "window": split.get("window"),
        "kind": split.get("kind"),
        "reported": report.get("reported"),
        "row": (report.get("rows") or {}).get(chosen),
        "lists": (report.get("lists") or {}).get(chosen),
        "live": report.get("live"),
    }
