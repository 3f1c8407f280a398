"""Wait until no read can run, or be planned, that does not know a partition just attached."""

import logging
import time

from sqlalchemy import Engine, text

from storage.database.engine import writing

logger = logging.getLogger(__name__)
PATIENCE = 1.0
"""Seconds to wait at most, twice. A read that takes longer began long before; those that begin now
plan with the new partition."""
APART = 0.01
"""Seconds between two looks."""

_READING = text(
    "SELECT virtualtransaction FROM pg_locks "
    "WHERE locktype = 'relation' AND relation = 'recommendation'::regclass "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND pid <> pg_backend_pid()"
)
_TOUCH = text("ALTER TABLE ONLY recommendation ALTER run_no SET STATISTICS -1")
"""Changes nothing, blocks no reader, and makes every session plan its prepared reads anew."""


def wait_for_readers(engine: Engine) -> bool:
    """Wait for every transaction that reads lists now.

    PostgreSQL plans a read, and only then takes the snapshot that it is executed by. A partition
    that is attached in between is not in the plan: were the pointer moved to it in between too, the
    read would find nothing there. A prepared read that is planned while a partition is attached may
    keep such a plan, so once those reads have ended all plans are thrown away, and what still runs
    by an old one is waited for too. Nobody is kept from reading meanwhile.

    Args:
        engine: of PostgreSQL.

    Returns:
        Whether all of them ended in time.
    """
    readers_ended = _wait(engine)
    with writing(engine) as connection:
        connection.execute(_TOUCH)
    old_plans_ended = _wait(engine)
    return readers_ended and old_plans_ended


def _wait(engine: Engine) -> bool:
    """Wait for the transactions that read now, not for those that begin meanwhile."""
    end = time.monotonic() + PATIENCE
    reading = _readers(engine)
    while reading and time.monotonic() < end:
        time.sleep(APART)
        reading &= _readers(engine)
    if reading:
        logger.info(
            "lists attached while transactions=%d read on after seconds=%g", len(reading), PATIENCE
        )
    return not reading


def _readers(engine: Engine) -> set[str]:
    """Return the transactions that read lists at this moment."""
    with engine.connect() as connection:
        return set(connection.execute(_READING).scalars())
