"""`fusion check --store`: whether stages and run folders are on the disk as they were written."""

import logging
from pathlib import Path

from flows.session import Session
from flows.steps.run_damage import damage_of_run
from fusion.core.findings import Finding
from fusion.runs.checksums import damage_in
from fusion.runs.cleanup import name_of, run_folders, stages
from fusion.runs.stage_store import DAMAGED

log = logging.getLogger(__name__)
STAGE_CURE = "Nothing needs doing: the training that needs it next sets it aside and makes it anew."
RUN_CURE = "Put the folder back from a backup, or train anew: `fusion run`."


def check_store(session: Session) -> list[Finding]:
    """Compare every file of stages and run folders with the checksum that it was written with.

    Args:
        session: the configuration; its database is not asked.

    Returns:
        Findings, errors first: a damaged run folder is an error, a damaged stage a warning.
    """
    return [*_damaged_runs(session.runs), *_damaged_stages(session.runs)]


def _damaged_runs(root: Path) -> list[Finding]:
    findings = []
    folders = run_folders(root)
    for run_id, folder in folders.items():
        damage = damage_of_run(folder)
        if damage:
            message = f"run folder {folder} is damaged: {damage}."
            subject = f"run {run_id}"
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
