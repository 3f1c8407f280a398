"""Erasure of people: from SQL, run folders and the store, and out of later trainings."""

import logging
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flows.session import Session
from flows.steps.arrivals.known_files import forget_known
from flows.steps.keep.forgotten import Hasher, read_forgotten
from flows.steps.train.table_sums import sums_if_whole
from flows.steps.user_ids import every_id
from fusion.core.locks.folder_lock import FolderInUse, locked
from fusion.errors import ConfigError, Temporary
from fusion.ingest.people.opt_out import read_id_lines
from fusion.runs.cleanup import (
    QUERY_VECTORS,
    name_of,
    remove_folder,
    run_folders,
    sweep_artifacts,
    unnamed_stages,
)
from fusion.runs.cleanup import stages as every_stage
from fusion.runs.erasure import forget_in, people_in, quarantined_in
from fusion.runs.manifest_file import read_manifest
from fusion.runs.redaction import Redactor
from storage.runs.erasure import amend_manifest, amend_texts, forget_rows, vacuum
from storage.runs.forgotten import add_forgotten, trainings

log = logging.getLogger(__name__)
OUT_OF_REACH = (
    "your own files and tables that the data comes from, and your list of who opted out: "
    "later trainings leave the rows out, deleting them is yours",
    "run folders of other configurations in the same database: "
    "run `fusion forget` with each of them",
    "backups, replicas and write-ahead logs of the database, and copies of files",
    "logs, terminal output, and what a Prefect server keeps of runs",
    "what was learned from everybody together: trees of rankers, "
    "counts and averages in figures, reports and fallbacks",
)
"""Places that may still hold a person, for the one who must answer for it."""
OF_OTHERS = (
    "folders of [artifacts] of other machines that share its `store`: run `fusion forget` on each, "
    "and remove old versions of objects where the bucket keeps them"
)
UNWIPED = (
    "free pages of the SQLite file, which could not be rewritten (a reader, or no room): "
    "run `fusion forget` again"
)


@dataclass(frozen=True)
class Forgot:
    """An erasure that was carried out.

    Attributes:
        people: number of ids that were given.
        unknown: ids that no run knows and that were not forgotten before.
        rows: rows deleted, by table.
        runs: ids of the runs whose folders named the people.
        stages: number of stages removed from the store.
        out_of_reach: places that may still hold them.
    """

    people: int
    unknown: tuple[str, ...]
    rows: dict[str, int]
    runs: tuple[str, ...]
    stages: int
    out_of_reach: tuple[str, ...]


def read_people(user: str | None, file: Path | None) -> list[str]:
    """Return the ids that a person gave on the command line.

    Args:
        user: one id, or None.
        file: a text file with one id a line, or None.

    Returns:
        Ids, each once, in their order.

    Raises:
        ConfigError: neither or both are given, the file cannot be read, or it holds no id.
    """
    if file is None and user is not None:
        people = [user] if user else []
    elif file is not None and user is None:
        people = _read_lines(file)
    else:
        raise ConfigError("name one USER, or --file FILE with one id a line")
    if not people:
        raise ConfigError(f"{file or 'USER'} names nobody; give an id, in a file one a line")
    return people


def _read_lines(file: Path) -> list[str]:
    """Read a file of ids, one a line; ConfigError where it cannot be read."""
    try:
        return read_id_lines(file)
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"cannot read {file}: {wrong}") from wrong


def forget(session: Session, people: Collection[str]) -> Forgot:
    """Erase people, all steps in an order that can be begun again after a kill at any moment.

    First their hashes are kept, so that no later training takes them in. Then go the stages that
    may hold their rows, their rows in SQL, and their rows in run folders, whose ids go last.

    Args:
        session: the database and the folder of runs.
        people: outside ids.

    Returns:
        What was removed, and what is out of reach.

    Raises:
        ConfigError: no FUSION_FORGET_KEY, or another than the one that others were forgotten with.
        Temporary: a training goes on that may have read them already.
    """
    # A person may ask before the first training: it leaves them out.
    session.make_database()
    engine = session.engine
    # First, since it refuses a key under which those who are forgotten already would come back,
    # and advises no new one.
    read_forgotten(engine)
    hasher = Hasher.from_environment()
    known_as = every_id(session, people)
    # Of plain ids, so that a new key of pseudonyms brings nobody back.
    hashes = [hasher.of(person) for person in people]
    new_hashes = add_forgotten(engine, hashes, hasher.mark)
    if where := trainings(engine):
        raise _wait_for(f"a training ({', '.join(where)})")
    # Other databases may train into the same folder.
    with _alone(session):
        in_runs, stages = _empty_store(session, known_as)
        rows, in_sql = forget_rows(engine, known_as)
        runs = _amend_runs(session, known_as)
        in_watches = forget_known(session.runs, known_as)
    # Sentences may name people as well: reasons of moves, messages of alerts.
    redactor = Redactor(known_as)
    amend_texts(engine, redactor.redact_text, redactor.redact)
    known = {known_as[each] for each in in_sql | in_runs | in_watches}
    unknown = [
        person for person in people if person not in known and hasher.of(person) in new_hashes
    ]
    unwiped = () if vacuum(engine) else (UNWIPED,)
    others = () if session.remote is None else (OF_OTHERS,)
    counts = (len(people), len(unknown), len(runs), stages)
    log.info("forgot people=%d unknown=%d runs=%d stages=%d", *counts)
    return Forgot(
        len(people), tuple(unknown), rows, runs, stages, (*OUT_OF_REACH, *others, *unwiped)
    )


@contextmanager
def _alone(session: Session) -> Iterator[None]:
    """Lock the folder of runs, which a training in it refuses."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(session.runs, "forgetting of people"))
        except FolderInUse as busy:
            raise _wait_for(busy.holder) from busy
        yield


def _wait_for(whom: str) -> Temporary:
    return Temporary(
        f"{whom} is at work and may have read them. Every later training leaves them out; "
        "run `fusion forget` again when it has ended"
    )


def _empty_store(session: Session, people: Collection[str]) -> tuple[set[str], int]:
    """Remove all stages but those of runs that know none of the people.

    A fit may hold everybody's history, and no later training could use it: without these people its
    data is other data. The vectors of all queries go, since nothing says whose they are.

    Returns:
        The people that runs know, and the number of stages that went.
    """
    sweep_artifacts(session.runs)
    known: set[str] = set()
    concerned = []
    for run_id, folder in run_folders(session.runs).items():
        in_run = people_in(folder, people)
        known |= set(in_run) | quarantined_in(folder, people)
        if in_run:
            concerned.append(run_id)
    stages = unnamed_stages(session.runs, concerned)
    for stage in stages:
        remove_folder(stage)
    remove_folder(session.runs / "store" / QUERY_VECTORS)
    if session.remote is not None:
        # Also those of other machines, whose run folders nobody here knows: they are made anew.
        kept = {name_of(stage) for stage in every_stage(session.runs)}
        shared = [one for one in session.remote.stages() if one.name not in kept]
        session.remote.remove(shared)
    return known, len(stages)


def _amend_runs(session: Session, people: Collection[str]) -> tuple[str, ...]:
    """Take the people out of every run folder, and give SQL the manifests anew.

    Also those that an earlier call amended: it may have been killed before it came to SQL.

    Returns:
        Ids of the runs that named the people.
    """
    amended = []
    for run_id, folder in run_folders(session.runs).items():
        if forget_in(folder, people):
            amended.append(run_id)
        manifest = read_manifest(folder)
        if "amended" in manifest:
            amend_manifest(session.engine, run_id, manifest, partial(sums_if_whole, folder))
    return tuple(amended)
