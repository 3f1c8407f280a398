"""What every page says of where it is."""

from datetime import datetime

from flows.session import Session
from storage.database.errors import NoDatabase
from storage.reading.blocked_items import placements
from storage.reading.live_run import live


def known_placements(session: Session) -> list[str]:
    """Return the placements that have runs, sorted; none where there is no database yet.

    Args:
        session: whose database is read.
    """
    try:
        return placements(session.engine)
    except NoDatabase:
        return []


def data_as_of(session: Session, placement: str) -> datetime | None:
    """Return up to when the live run knows data.

    Args:
        session: whose database is read.
        placement: where lists are shown.

    Returns:
        The time; None where nothing is live, or its data has no times.
    """
    try:
        shown = live(session.engine, placement)
    except NoDatabase:
        return None
    return shown.run.as_of if shown else None
