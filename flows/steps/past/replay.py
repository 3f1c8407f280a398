"""`fusion replay`: what retraining policies would have done, and how good their lists were."""

import logging
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flows.session import Session
from flows.steps.keep.forgotten import Forgotten, read_forgotten
from flows.steps.past.dates import DataSpan, PastDates, require_within
from flows.steps.past.judging import Judge
from flows.steps.past.policies import ReplayedPolicy
from flows.steps.past.replay_folder import ReplayFolder, Turn, opened
from flows.steps.past.summary import PolicyRow, policy_rows
from flows.steps.past.turn import take_turn
from flows.steps.train.inputs import read_data
from fusion.core.settings import config_hash
from fusion.errors import ConfigError
from storage.database.errors import NoDatabase
from storage.runs.forgotten import add_forgotten

log = logging.getLogger(__name__)
VECTORS = "vectors"
"""Folder of the store with vectors of texts, which belong to no stage."""


@dataclass(frozen=True)
class Replayed:
    """A replay.

    Attributes:
        dates: the borders of windows; policies decide at the beginning of each.
        turns: of all policies, by date.
        policies: what each amounts to.
        folder: where its database and runs are; None where they are gone.
    """

    dates: PastDates
    turns: tuple[Turn, ...]
    policies: tuple[PolicyRow, ...]
    folder: Path | None


def replay(
    project: Session,
    dates: PastDates,
    policies: Sequence[ReplayedPolicy],
    keep: Path | None = None,
) -> Replayed:
    """Let policies decide at past dates, and judge what each served in the windows that follow.

    Nothing is written into the project's database or folder, and no lock of theirs is held.

    Args:
        project: the configuration whose past it is; its database is only read.
        dates: the borders of windows: a policy decides at the beginning of each.
        policies: under names of their own; one of them trains always.
        keep: a folder that stays, in which a replay that was stopped goes on; None takes a
            temporary one.

    Returns:
        The turns, and what each policy amounts to.

    Raises:
        ConfigError: there is no whole window, the configuration cannot be used, or the folder holds
            something else.
        DataError: the data has no times, a date lies outside of it, or it cannot be trained on.
        Temporary: another replay works in the folder.
    """
    if len(dates.moments) == 1:
        raise ConfigError(
            "--from, --to and --every hold no whole window; name a later --to or a shorter --every"
        )
    forgotten = _forgotten_of(project)
    data = read_data(project, None, None, forgotten).dataset
    require_within(dates, DataSpan.of(data))
    judge = Judge(data, dates.first, repeats=not project.config.lists.exclude_seen)
    order = _order(project, dates, policies, forgotten)
    with ExitStack() as stack:
        path = keep or Path(stack.enter_context(TemporaryDirectory(prefix="fusion-replay-")))
        folder = stack.enter_context(opened(path, order))
        _copy_vectors(project, folder)
        deciding = []
        for policy in policies:
            session = folder.session_of(project, policy)
            session.make_database()
            stack.callback(session.engine.dispose)
            if forgotten:
                add_forgotten(session.engine, forgotten.hashes, forgotten.hasher.mark)
            deciding.append((policy, session))
        turns = _take_turns(folder, deciding, dates, judge)
    rows = policy_rows(turns, dates.every, project.config.seed)
    return Replayed(dates, tuple(turns), tuple(rows), folder.path if keep else None)


def _take_turns(
    folder: ReplayFolder,
    deciding: Sequence[tuple[ReplayedPolicy, Session]],
    dates: PastDates,
    judge: Judge,
) -> list[Turn]:
    """Take the turns that are not done yet; returns those of these dates and policies."""
    done = {(turn.policy, turn.at): turn for turn in folder.turns()}
    turns = []
    moments = dates.moments
    for now, end in pairwise(moments):
        for policy, session in deciding:
            turn = done.get((policy.name, now))
            if turn is None:
                turn = _judged(take_turn(session, policy, now), session, judge, end)
                folder.add(turn)
                log.info(
                    "turn done as_of=%s policy=%s due=%s trigger=%s ndcg=%s",
                    now.isoformat(),
                    policy.name,
                    turn.due,
                    turn.trigger,
                    turn.ndcg,
                )
            turns.append(turn)
    return turns


def _judged(turn: Turn, session: Session, judge: Judge, end: datetime) -> Turn:
    """Judge what is served after a turn by the window that ends at `end`."""
    if turn.served is None:
        return turn
    ndcg = judge.judge(session, turn.served, turn.at, end)
    return replace(turn, users=len(ndcg), ndcg=float(ndcg.mean()) if len(ndcg) else None)


def _forgotten_of(project: Session) -> Forgotten | None:
    """Read who is forgotten in the project; nobody where it has no database yet."""
    try:
        engine = project.engine
    except NoDatabase:
        return None
    try:
        return read_forgotten(engine)
    finally:
        engine.dispose()


def _order(
    project: Session,
    dates: PastDates,
    policies: Sequence[ReplayedPolicy],
    forgotten: Forgotten | None,
) -> dict[str, Any]:
    """Return what decides every turn, by names that people know.

    Neither the last date nor what the data holds after the first: a replay may go on further.
    """
    first = read_data(project, dates.first, None, forgotten).dataset
    return {
        "configuration": config_hash(project.config.core),
        "data": first.digest,
        "from": dates.first.isoformat(),
        "every": dates.every.total_seconds(),
        "policies": {policy.name: config_hash(policy.settings) for policy in policies},
    }


def _copy_vectors(project: Session, folder: ReplayFolder) -> None:
    """Copy the vectors of texts that the project has, so that no text is encoded again."""
    shared = project.runs / "store" / VECTORS
    own = folder.path / "runs" / "store" / VECTORS
    for file in shared.rglob("*.npz"):
        copy = own / file.relative_to(shared)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            # Whoever encodes it again is only slower.
            with suppress(OSError):
                shutil.copyfile(file, copy)
