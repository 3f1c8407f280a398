"""Pruning of stages: those of this machine's store, and those that machines share."""

from dataclasses import dataclass
from datetime import timedelta

from flows.session import Session
from fusion.core.locks.folder_lock import FolderInUse, locked
from fusion.errors import DataError, StoreLost
from fusion.runs.cleanup import remove_folder, size, unused_stages
from fusion.runs.text_vectors import prune_vectors


@dataclass(frozen=True)
class RemovedStages:
    """Stages that go from the store.

    Attributes:
        count: how many.
        bytes: of their files.
        left: a sentence about stages that could not go yet; empty when all went.
        damaged: a sentence about what must be mended before any can go.
    """

    count: int = 0
    bytes: int = 0
    left: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def prune_stages(session: Session, dry_run: bool, removed: set[str]) -> RemovedStages:
    """Remove stages that no run refers to, those in `removed` left aside.

    A training holds the folder while it uses stages that no run refers to yet.

    Args:
        session: the folder of runs.
        dry_run: remove nothing.
        removed: ids of runs that go.
    """
    folder = session.runs / "store"
    if not folder.is_dir():
        return RemovedStages()
    try:
        if dry_run:
            # Folders of the runs that would go are still there: their stages are left aside.
            unused = unused_stages(session.runs, removed)
            return RemovedStages(len(unused), sum(map(size, unused)))
        return _remove_unused_stages(session)
    except DataError as wrong:
        # Which stages a run uses, its manifest alone says: one that cannot be read keeps them all.
        return RemovedStages(damaged=(f"the store of stages stays: {wrong}",))


def prune_shared(session: Session, dry_run: bool) -> RemovedStages:
    """Remove stages of the store that machines share which no training asked for lately.

    Which runs use them nobody here knows: their folders are on other machines. So their age alone
    counts; a training copies what it uses, and makes what went.

    Args:
        session: the configuration, which may name such a store.
        dry_run: remove nothing.
    """
    if session.remote is None:
        return RemovedStages()
    try:
        old = session.remote.old(timedelta(days=session.config.retention.days))
        if not dry_run:
            session.remote.remove(old)
    except StoreLost as away:
        return RemovedStages(left=(f"stages that machines share stay for now: {away}",))
    return RemovedStages(len(old), sum(stage.bytes for stage in old))


def _remove_unused_stages(session: Session) -> RemovedStages:
    """Remove stages that no run refers to, unless a training uses the store.

    Raises:
        DataError: the manifest of a run cannot be read.
    """
    try:
        with locked(session.runs, f"prune of placement {session.placement!r}"):
            unused = unused_stages(session.runs)
            freed = sum(map(size, unused)) + prune_vectors(session.runs)
            for stage in unused:
                remove_folder(stage)
    except FolderInUse as busy:
        return RemovedStages(left=(f"the store of stages stays for now: {busy}",))
    return RemovedStages(len(unused), freed)
