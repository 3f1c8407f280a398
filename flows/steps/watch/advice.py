"""Word what a monitored run asks of a person, and what it could not be compared with."""

from pathlib import Path

from flows.session import Session
from flows.steps.watch.monitor_frames import SampledDays
from fusion.runs.monitoring_samples import SUBJECTS
from fusion.runs.run_folder import RunFolder
from storage.reading.live_run import live
from storage.reading.read import history
from storage.schema.row_objects import RunRow
from storage.slots.history import rollback_path

CUTS = {"random": "at random", "last": "before each user's last event"}
"""Ways to split that leave no earlier window, in words; only a split by time has one."""


def next_step(session: Session, run: RunRow) -> str:
    """Say what can be done about a run's lists, which depends on where the run stands now.

    Args:
        session: the database and its placement.
        run: the run.

    Returns:
        A sentence for the end of an alert.
    """
    shown = live(session.engine, session.placement)
    if shown and shown.run.run_no == run.run_no:
        return _step_back(session)
    waiting = live(session.engine, session.placement, "challenger")
    if waiting and waiting.run.run_no == run.run_no:
        return (
            f"The run is held and live has not moved: `fusion approve {run.run_id}` shows these "
            "lists, `fusion reject --why TEXT` takes the run out of the challenger's slot."
        )
    if run.status == "ready":
        return (
            "The run is not live, so nothing has to be taken back; where the change is meant, "
            f"`fusion publish {run.run_id}` comes next."
        )
    return f"The run is {run.status} and not live: nothing has to be taken back."


def _step_back(session: Session) -> str:
    """Say which run a rollback of the live slot would show."""
    moves = history(session.engine, session.placement)
    path = rollback_path(moves)
    # `fusion rollback` takes the run before the last step of the path.
    if len(path) <= 1:
        return "The run is live, and there is no run before it to roll back to."
    run_ids = {move.to_run_no: move.to_run_id for move in moves}
    return f"The run is live: `fusion rollback` shows the lists of run {run_ids[path[-2]]} again."


def comparison_note(
    run: RunRow, previous: RunFolder | None, days: SampledDays, has_reference: bool
) -> str:
    """Say what of a run had nothing to be compared with, or not what it should be.

    Args:
        run: that is monitored.
        previous: folder of the run that was live before it; None without one.
        days: that the samples of both tell of.
        has_reference: whether the run's samples are compared with any.

    Returns:
        Sentences; "" where everything is compared with the run before.
    """
    if days.now is None:
        return _nothing_alike()
    if previous and not previous.manifest.exists():
        parts = [missing_folder(previous.path.name, previous.path, has_reference)]
    elif previous and not days.are_alike:
        return _other_days(previous.path.name, has_reference)
    else:
        parts = []
    if not has_reference:
        parts.append(missing_reference(run))
    return " ".join(parts)


def missing_reference(run: RunRow) -> str:
    """Say why a run has no earlier window of its own to be compared with.

    A fold that is not cut at a moment knows a part of the same time, with fewer events of every
    user and item. Beside the whole data each count would have moved, and nothing drifted.

    Args:
        run: the run, with its verdict.

    Returns:
        A sentence; "" where its folds are cut by time.
    """
    split = (run.verdict or {}).get("split") or {}
    if split.get("kind") not in CUTS:
        return ""
    return (
        f"{_subjects()}: there is no earlier window to compare with, "
        f"since folds are cut {CUTS[split['kind']]}. The next run is compared with this one."
    )


def missing_folder(run_id: str, folder: Path, has_window: bool) -> str:
    """Say that the folder of the run before is not here, and what is not compared with it.

    Args:
        run_id: of the run before.
        folder: where it would stand.
        has_window: whether the run is compared with what it knew one window earlier.

    Returns:
        Sentences.
    """
    instead = " They are compared with what this run knew one window earlier." if has_window else ""
    return (
        f"{_subjects()}, and how scores fall: they could not be compared with run {run_id}, whose "
        f"folder {folder} is not here; another host may keep it.{instead} Lists are compared as "
        "SQL has them."
    )


def _other_days(run_id: str, has_window: bool) -> str:
    """Say that samples of the run before tell of other days, and what is compared instead."""
    instead = (
        "They are compared with what this run knew one window earlier."
        if has_window
        else "The next run is compared with this one."
    )
    return (
        f"{_subjects()}: samples of run {run_id} tell of other days than those of this run, as "
        "where windows have another length, the span of the data has doubled, or an earlier "
        f"release made that run. {instead}"
    )


def _nothing_alike() -> str:
    """Say that samples of a run tell of no days that could be compared with others."""
    return (
        f"{_subjects()}: they are not compared, since the data held less than two weeks before the "
        "window of the verdict, or an earlier release made the run."
    )


def _subjects() -> str:
    *others, last = SUBJECTS
    return f"{', '.join(others).capitalize()} and {last}"
