"""`fusion check --store`: whether stages, run folders and lists in SQL are as they were written."""

import logging
from pathlib import Path

from flows.session import Session
from flows.steps.run_damage import damage_of_run
from fusion.core.findings import Finding
from fusion.errors import FusionError
from fusion.runs.cleanup import name_of, stages
from fusion.runs.run_folder import RUN_ID
from fusion.runs.stages.record import damage_in
from fusion.runs.stages.store import DAMAGED
from storage.database.errors import NoDatabase
from storage.reading.list_sums import ChangedLists, changed_lists

log = logging.getLogger(__name__)
STAGE_CURE = "Nothing needs doing: the training that needs it next sets it aside and makes it anew."
RUN_CURE = "Put the folder back from a backup, or train anew: `fusion run`."
LISTS_CURE = (
    "`fusion rollback` shows the run before; "
    "`fusion publish --from-folder RUN` then loads this one again."
)
DATABASE_CURE = "Correct [storage] url, or start the database."


def check_store(session: Session) -> list[Finding]:
    """Compare files of stages and run folders, and lists in SQL, with the checksums they came with.

    Args:
        session: the configuration; a database that is not there yet is not made.

    Returns:
        Findings, errors first: a damaged run folder and changed lists are errors, a damaged stage
        is a warning.
    """
    return [
        *_changed_lists(session),
        *_damaged_runs(session.runs),
        *_damaged_stages(session.runs),
    ]


def _changed_lists(session: Session) -> list[Finding]:
    try:
        return [_changed(lists) for lists in changed_lists(session.engine)]
    except NoDatabase:
        return []
    except FusionError as wrong:
        return [Finding("no_database", "error", "storage", 1, str(wrong), [], DATABASE_CURE)]


def _changed(lists: ChangedLists) -> Finding:
    message = (
        f"lists of run {lists.run_id} in SQL, of placement {lists.placement!r}, "
        f"are not those that were loaded: {lists.damage}."
    )
    return Finding("changed_lists", "error", f"run {lists.run_id}", 1, message, [], LISTS_CURE)


def _damaged_runs(root: Path) -> list[Finding]:
    findings = []
    # By their names: one whose manifest is gone is a run all the same.
    folders = [folder for folder in sorted(root.glob("*")) if RUN_ID.fullmatch(folder.name)]
    for folder in folders:
        damage = damage_of_run(folder)
        # A prune may have removed it while it was read.
        if damage and folder.exists():
            message = f"run folder {folder} is damaged: {damage}."
            subject = f"run {folder.name}"
            findings.append(Finding("damaged_run", "error", subject, 1, message, [], RUN_CURE))
    log.info("run folders compared n=%d damaged=%d", len(folders), len(findings))
    return findings


def _damaged_stages(root: Path) -> list[Finding]:
    findings = []
    in_use = [stage for stage in stages(root) if stage.suffix != DAMAGED]
    for stage in in_use:
        damage = damage_in(stage)
        # A training may have made it anew, and a prune removed it, while it was read.
        if damage and stage.exists():
            message = f"stage {stage} is damaged: {damage}."
            subject = f"stage {name_of(stage)}"
            findings.append(
                Finding("damaged_stage", "warning", subject, 1, message, [], STAGE_CURE)
            )
    log.info("stages compared n=%d damaged=%d", len(in_use), len(findings))
    return findings
