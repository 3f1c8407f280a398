"""Readers of the live lists: one that reads all the while, and a check after each night."""

import threading
from dataclasses import dataclass

from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from benchmarks.night.fast_motion.small_shop import SIZE

SAMPLE = 20
"""Users whose lists are read."""
PAUSE = 0.1
"""Seconds between two reads."""
USERS = (
    "SELECT user_id FROM served_user WHERE run_no = (SELECT run_no FROM slot WHERE name = 'live') "
    "AND route <> 'cold' ORDER BY user_id"
)
LISTS = "SELECT user_id, run_id, rank FROM current_recommendations WHERE user_id IN ({names})"


@dataclass
class Reads:
    """How reads of live lists ended.

    Attributes:
        whole: that saw one run, and every list complete.
        away: that the database did not answer.
        wrong: a sentence for each that saw anything else.
    """

    whole: int
    away: int
    wrong: list[str]


def read_lists(engine: Engine, users: list[str]) -> str:
    """Read lists by the view; returns what is wrong with them, or "".

    Args:
        engine: of a reader.
        users: whose lists; one that left since has none.
    """
    names = {f"u{number}": user for number, user in enumerate(users)}
    statement = LISTS.format(names=", ".join(f":{name}" for name in names))
    with engine.connect() as connection:
        rows = connection.execute(text(statement), names).all()
    if not rows:
        return "no user has a list"
    runs = {row.run_id for row in rows}
    if len(runs) > 1:
        return f"lists of several runs: {sorted(runs)}"
    ranks: dict[str, list[int]] = {}
    for row in rows:
        ranks.setdefault(row.user_id, []).append(row.rank)
    for user, own in ranks.items():
        if sorted(own) != list(range(1, SIZE + 1)):
            return f"user {user} has ranks {sorted(own)} of run {runs}"
    return ""


def live_users(engine: Engine) -> list[str]:
    """Return some users that the live run has lists for, spread over all; none without a run.

    Args:
        engine: of a reader.
    """
    with engine.connect() as connection:
        users = list(connection.execute(text(USERS)).scalars())
    return users[:: max(1, len(users) // SAMPLE)][:SAMPLE]


class Reader:
    """Reads live lists all the while, as a service does, while its block runs."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self.reads = Reads(0, 0, [])

    def __enter__(self) -> "Reader":
        self._users = live_users(self._engine)
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._ended.set()
        self._thread.join()

    def _read(self) -> None:
        while self._users and not self._ended.wait(PAUSE):
            try:
                wrong = read_lists(self._engine, self._users)
            except DBAPIError:
                self.reads.away += 1
                continue
            if wrong:
                self.reads.wrong.append(wrong)
            else:
                self.reads.whole += 1
