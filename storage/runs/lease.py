"""A training's lease on PostgreSQL: a row that its process renews, and that runs out by itself.

All times are the server's own: clocks of other machines are never compared. A lease lasts longer
than a database may be away (`[storage] patience`), so that nobody takes a training for dead that
only could not say that it lives.
"""

import logging
import os
import platform
import secrets
from threading import Event, Thread

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from fusion.errors import FusionError
from storage.database.engine import twin_engine, writing
from storage.database.limits import TimeLimits, limits_of

log = logging.getLogger(__name__)
BEAT_SECONDS = 10.0
"""Seconds between two renewals."""
SPARE_SECONDS = 60.0
"""Seconds that a lease lasts beyond the time that a database may be away: six renewals."""
_MISSES = 3
"""Renewals without a row in a row after which a lease is lost; the first may come before the
transaction that takes it ends."""
_LAST_BEAT_SECONDS = 5.0
"""Seconds to wait for a renewal under way when a training ends."""

_TAKE = text(
    "INSERT INTO lease (run_no, owner, host, pid, started_at, until) "
    "VALUES (:run_no, :owner, :host, :pid, now(), now() + make_interval(secs => :seconds))"
)
_RENEW = text(
    "UPDATE lease SET until = now() + make_interval(secs => :seconds) "
    "WHERE run_no = :run_no AND owner = :owner"
)
_RELEASE = text("DELETE FROM lease WHERE run_no = :run_no AND owner = :owner")
_REMOVE = text("DELETE FROM lease WHERE run_no = :run_no")
_OWNER = text("SELECT owner FROM lease WHERE run_no = :run_no")
# A renewal under way is waited for, and one that comes later waits for this transaction.
_LASTS = text("SELECT owner FROM lease WHERE run_no = :run_no AND until > now() FOR UPDATE")
_LOOK = text("SELECT owner FROM lease WHERE run_no = :run_no AND until > now()")
_HOLDER = text(
    "SELECT host, pid, to_char(until, 'YYYY-MM-DD HH24:MI:SS') AS until FROM lease "
    "WHERE run_no = :run_no"
)
_REMOVE_ENDED = text(
    "DELETE FROM lease WHERE run_no IN (SELECT run_no FROM run WHERE status <> 'training')"
)

_given_up: set[str] = set()
"""Owners of leases that this process could not give back, for its next try at the same run."""


class Lease:
    """The lease of a run that this process trains, renewed until `end`."""

    def __init__(self, connection: Connection, run_no: int) -> None:
        """Take it, in place of one that has run out.

        Args:
            connection: inside the transaction that begins the run, with its row locked.
            run_no: the run.
        """
        self.owner = secrets.token_hex(8)
        self._run_no = run_no
        self._engine = twin_engine(connection.engine)
        self._seconds = lease_seconds(limits_of(connection))
        remove_lease(connection, run_no)
        process = {"host": platform.node(), "pid": os.getpid()}
        connection.execute(_TAKE, self._names | process | {"seconds": self._seconds})
        self._ended = Event()
        self._beating = Thread(target=self._beat, name=f"lease of run {run_no}", daemon=True)
        self._beating.start()

    def is_held(self, connection: Connection) -> bool:
        """Tell whether nobody has ended the run, or opened it again, since.

        Args:
            connection: to the database.
        """
        holder: str | None = connection.scalar(_OWNER, {"run_no": self._run_no})
        return holder == self.owner

    def end(self) -> None:
        """Give it back; where the database is away it runs out by itself."""
        self._ended.set()
        self._beating.join(_LAST_BEAT_SECONDS)
        try:
            with writing(self._engine) as connection:
                connection.execute(_RELEASE, self._names)
        except (FusionError, SQLAlchemyError) as away:
            _given_up.add(self.owner)
            log.warning("lease not given back run_no=%d: %s", self._run_no, away)
        finally:
            self._engine.dispose()

    @property
    def _names(self) -> dict[str, object]:
        return {"run_no": self._run_no, "owner": self.owner}

    def _beat(self) -> None:
        missed = 0
        while missed < _MISSES and not self._ended.wait(BEAT_SECONDS):
            try:
                missed = 0 if self._renew() else missed + 1
            except (FusionError, SQLAlchemyError) as away:
                log.warning("lease not renewed run_no=%d: %s", self._run_no, away)
        if missed:
            log.warning("lease lost run_no=%d: the run has been ended as dead", self._run_no)

    def _renew(self) -> bool:
        with writing(self._engine) as connection:
            renewed = connection.execute(_RENEW, self._names | {"seconds": self._seconds})
            return renewed.rowcount == 1


def lease_seconds(limits: TimeLimits) -> float:
    """Return how long a lease lasts without a renewal.

    Args:
        limits: of the database; `away` is how long a training waits for it.
    """
    return limits.away + SPARE_SECONDS


def has_lease(connection: Connection, run_no: int, lock: bool = False) -> bool:
    """Tell whether a run has a lease that has not run out.

    Args:
        connection: to our database on PostgreSQL.
        run_no: the run.
        lock: let nobody renew it before the transaction ends.
    """
    owner: str | None = connection.scalar(_LASTS if lock else _LOOK, {"run_no": run_no})
    return owner is not None and owner not in _given_up


def lease_holder(connection: Connection, run_no: int) -> str:
    """Return a phrase for who has the lease of a run, and for how long; empty where nobody has.

    Args:
        connection: to our database on PostgreSQL, in a transaction whose times are UTC.
        run_no: the run.
    """
    row = connection.execute(_HOLDER, {"run_no": run_no}).one_or_none()
    if row is None:
        return ""
    return f" by process {row.pid} on {row.host}, whose lease lasts until {row.until} UTC or longer"


def remove_lease(connection: Connection, run_no: int) -> None:
    """Remove the lease of a run, whoever has it.

    Args:
        connection: inside a transaction that writes.
        run_no: the run.
    """
    connection.execute(_REMOVE, {"run_no": run_no})


def remove_ended_leases(connection: Connection) -> None:
    """Remove leases of runs that ended, whose process died before it could.

    Args:
        connection: inside a transaction that writes.
    """
    connection.execute(_REMOVE_ENDED)
