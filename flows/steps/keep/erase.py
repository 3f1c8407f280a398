"""Forget: people disappear from SQL, run folders and the store, and are left out of later trainings."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from flows.session import Session
from flows.steps.keep.forgotten import Hasher, forgotten
from fusion.errors import ConfigError, Temporary
from fusion.runs.cleanup import remove_folder, run_folders, sweep_artifacts, unnamed_stages
from fusion.runs.erasure import forget_in, people_in
from fusion.runs.manifest import read_manifest
from fusion.runs.redaction import Redactor
from fusion.runs.stage_store import Store
from storage.runs.erasure import amend_manifest, amend_texts, forget_rows, vacuum
from storage.runs.forgotten import add_forgotten, trainings

log = logging.getLogger(__name__)
OUT_OF_REACH = (
    "your own files and tables that the data comes from: later trainings leave the rows out, deleting them is yours",
    "run folders of other configurations in the same database: run `fusion forget` with each of them",
    "backups, replicas and write-ahead logs of the database, and copies of files",
    "logs, terminal output, and what a Prefect server keeps of runs",
    "what was learned from everybody together: trees of rankers, counts and averages in figures, reports and fallbacks",
)
HELD = "free pages of the SQLite file, which could not be rewritten (a reader, or no room): run `fusion forget` again"


@dataclass(frozen=True)
class Forgot:
    """What was done: rows deleted by table, runs amended, stages removed, people nobody knew, what is out of reach."""

    people: int
    unknown: tuple[str, ...]
    rows: dict[str, int]
    runs: tuple[str, ...]
    stages: int
    out_of_reach: tuple[str, ...]


def people_of(user: str | None, file: Path | None) -> list[str]:
    """The ids that were given, one or a file with one a line; ConfigError where it is neither or both."""
    if (user is None) == (file is None):
        raise ConfigError("name one USER, or --file FILE with one id a line")
    try:
        lines = [user] if user is not None else file.read_text(encoding="utf-8-sig").splitlines()  # type: ignore[union-attr]
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"cannot read {file}: {wrong}") from wrong
    people = list(dict.fromkeys(line for line in lines if line))
    if not people:
        raise ConfigError(f"{file or 'USER'} names nobody")
    return people


def forget(session: Session, people: Collection[str]) -> Forgot:
    """Forget people, all steps in an order that can be begun again after a kill at any moment.

    First their hashes are kept, so that no later training takes them in. Then go the stages that
    may hold their rows, their rows in SQL, and their rows in run folders, whose ids go last.

    Raises:
        ConfigError: no FUSION_FORGET_KEY, or another than the one that others were forgotten with.
        Temporary: a training goes on that may have read them already.

    """
    engine, hasher = session.engine, Hasher.from_environment()
    forgotten(engine)
    new = add_forgotten(engine, [hasher.of(one) for one in people], hasher.mark)
    _refuse_training(trainings(engine))
    with Store(session.runs / "store").held(alone=True) as alone:
        if not alone:
            _refuse_training([str(session.runs)])
        known, stages = _empty_store(session, people)
        rows, found = forget_rows(engine, people)
        runs = _amend_runs(session, people)
    names = Redactor(people)
    amend_texts(engine, names.redact_text, names.redact)
    unknown = tuple(one for one in people if one not in found | known and hasher.of(one) in new)
    held = () if vacuum(engine) else (HELD,)
    log.info(
        "forgot people=%d unknown=%d runs=%d stages=%d",
        len(people),
        len(unknown),
        len(runs),
        stages,
    )
    return Forgot(len(people), unknown, rows, runs, stages, (*OUT_OF_REACH, *held))


def _refuse_training(where: list[str]) -> None:
    if where:
        raise Temporary(
            f"a training runs ({', '.join(where)}) that may have read them. Every later one leaves them out; "
            "run `fusion forget` again when it has ended"
        )


def _empty_store(session: Session, people: Collection[str]) -> tuple[set[str], int]:
    """Remove stages but those of runs that know none of the people; gives whom runs know, and how many stages went.

    A fit may hold everybody's history, and no later training could use it: without these people its
    data is other data.
    """
    sweep_artifacts(session.runs)
    known = {
        run_id: people_in(folder, people) for run_id, folder in run_folders(session.runs).items()
    }
    stages = unnamed_stages(session.runs, [run_id for run_id, found in known.items() if found])
    for stage in stages:
        remove_folder(stage)
    return set().union(*known.values()), len(stages)


def _amend_runs(session: Session, people: Collection[str]) -> tuple[str, ...]:
    """Take the people out of every run folder; gives the runs that named them. SQL gets the manifests anew.

    Also those that an earlier call amended: it may have been killed before it came to SQL.
    """
    amended = []
    for run_id, folder in run_folders(session.runs).items():
        if forget_in(folder, people):
            amended.append(run_id)
        manifest = read_manifest(folder)
        if "amended" in manifest:
            amend_manifest(session.engine, run_id, manifest)
    return tuple(amended)
