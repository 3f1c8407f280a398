"""Verbs as processes that are killed in the middle of their work, with all that they started."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import psutil

from flows.session import Session
from storage.schema.tables import HEAD
from tests.flows.calling import call_main
from tests.flows.hosts.test_kill import assert_nothing_half_made, end_leases
from tests.flows.world import command, environment, live_lists, query, readers
from tests.moments import Note

POLL_SECONDS = 0.002
LOST_MOVES = (
    "select slot.name, slot.run_no, slot_move.to_run_no, run.status from slot "
    "join slot_move on slot_move.id = (select max(id) from slot_move as moved "
    "where moved.placement = slot.placement and moved.name = slot.name) "
    "left join run on run.run_no = slot.run_no "
    "where coalesce(slot.run_no, 0) <> coalesce(slot_move.to_run_no, 0) or run.status <> 'ready'"
)
"""Slots that show another run than their history ends at, or one that is not ready."""
KEY = {"FUSION_FORGET_KEY": "a key of thirty-two characters or more"}


@dataclass(frozen=True)
class Work:
    """What a verb has to do now.

    Attributes:
        words: as they are typed.
        left: a statement whose rows say what is not done yet.
        people: whose lists go.
    """

    words: tuple[str, ...]
    left: str
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verb:
    """A verb that is killed.

    Attributes:
        arrange: makes work for it, the given number of times before; live lists are then the same
            each time, whatever a kill has left.
        kills: how often it is killed.
        config: lines that the configuration needs besides.
        users: how many may have a list.
    """

    arrange: Callable[[Session, int], Work]
    kills: int = 4
    config: str = ""
    users: Collection[int] = (90,)


class Killing:
    """A verb at its work in a shop of its own."""

    def __init__(self, session: Session, verb: Verb, chance: Random, note: Note) -> None:
        self.session, self.verb, self.chance, self.note = session, verb, chance, note
        self.folder, self.url = session.base, url_of(session)
        self.n_arranged = 0
        with (self.folder / "fusion.toml").open("a") as file:
            file.write(verb.config)

    def arrange(self) -> Work:
        """Make work, of which nothing is done yet."""
        end_leases(self.url)
        work = self.verb.arrange(self.session, self.n_arranged)
        self.n_arranged += 1
        assert query(self.url, work.left), work
        return work

    def lists(self, work: Work) -> list[tuple[Any, ...]]:
        """Live lists of everybody who is to have one."""
        return [row for row in live_lists(self.url) if row[0] not in work.people]

    def start(self, work: Work) -> tuple[subprocess.Popen[bytes], float]:
        """Start the verb; gives its process, and when it opened the database or had ended."""
        with (self.folder / "log").open("w") as log:
            process = subprocess.Popen(
                command(*work.words),
                cwd=self.folder,
                env=environment(**KEY),
                stdout=log,
                stderr=log,
            )
        while process.poll() is None and not has_database(process.pid):
            time.sleep(POLL_SECONDS)
        return process, time.monotonic()

    def work_whole(self) -> tuple[float, list[tuple[Any, ...]]]:
        """Let the verb do its work; gives its seconds with the database, and live lists then."""
        work = self.arrange()
        process, begun = self.start(work)
        assert process.wait() in (0, 4), (self.folder / "log").read_text()
        seconds = time.monotonic() - begun
        assert query(self.url, work.left) == []
        return seconds, self.lists(work)

    def kill_within(self, seconds: float, after: list[tuple[Any, ...]]) -> tuple[Work, float]:
        """Kill the verb at a random moment of its first seconds.

        Gives the work that it may have left, and the seconds that it takes as far as is known.
        """
        work = self.arrange()
        before = self.lists(work)
        process, begun = self.start(work)
        moment = self.chance.uniform(0, seconds)
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, begun + moment - time.monotonic()))
            seconds = time.monotonic() - begun
        if kill_all(process):
            self.note(f"{work.words[0]} killed", moment)
        lists = self.lists(work)
        assert lists in (before, [row for row in after if row[0] not in work.people]), moment
        assert query(self.url, LOST_MOVES) == [], moment
        return work, seconds

    def finish(self, work: Work, after: list[tuple[Any, ...]]) -> None:
        """See that the same verb does what is left by itself, and nothing half-made stays."""
        end_leases(self.url)
        is_done = not query(self.url, work.left)
        ended = call_main(self.folder, *work.words, **KEY)
        assert ended.code in ((0, 1, 4) if is_done else (0, 4)), ended.err
        assert query(self.url, work.left) == []
        assert self.lists(work) == [row for row in after if row[0] not in work.people]
        assert query(self.url, LOST_MOVES) == []
        assert query(self.url, "select version_num from alembic_version") == [(HEAD,)]
        checked = call_main(self.folder, "check", "--store", "--json", **KEY)
        assert (checked.code, checked.json["findings"]) == (0, []), checked
        assert_nothing_half_made(self.folder, self.url)


def kill_at_random(session: Session, verb: Verb, chance: Random, note: Note) -> None:
    """Kill a verb at moments drawn over the seconds that its work takes, under four readers.

    Args:
        session: over a shop that the test may change.
        verb: what is killed.
        chance: draws the moments.
        note: notes them.
    """
    killing = Killing(session, verb, chance, note)
    with readers(killing.url, verb.users):
        seconds, after = killing.work_whole()
        for _ in range(verb.kills):
            # One that has ended before its moment tells that it takes less by now.
            work, seconds = killing.kill_within(seconds, after)
        killing.finish(work, after)


def url_of(session: Session) -> str:
    return session.engine.url.render_as_string(hide_password=False)


def has_database(pid: int) -> bool:
    """Whether a process has opened the file of a database, or a connection to a server."""
    folder = f"/proc/{pid}/fd"
    try:
        opened = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]
    except OSError:  # it has closed one of them, or ended
        return False
    return any(one.endswith("fusion.db") or one.startswith("socket:") for one in opened)


def kill_all(process: subprocess.Popen[bytes]) -> bool:
    """Kill a process and all that it started; tells whether it had not ended yet."""
    started = []
    if process.poll() is None:
        started = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for child in started:
        if child.is_running():
            child.kill()
    return process.wait() == -signal.SIGKILL
