"""`fusion backfill`: the runs that a schedule would have made, as of past dates."""

from flows.session import Session
from flows.steps.keep.forgotten import read_forgotten
from flows.steps.past.dates import DataSpan, PastDates, require_within
from flows.steps.past.training import PastRun, train_as_of
from flows.steps.train.inputs import read_data
from storage.runs.past.kinds import BACKFILL


def backfill(session: Session, dates: PastDates) -> tuple[PastRun, ...]:
    """Train a run as of each date, oldest first, without moving any slot.

    A run knows nothing of what is live, nor of the runs before it, so that each depends on the data
    until its date and on the configuration alone. Stopped in the middle, it goes on where it was:
    runs that are there already are taken. The folder is locked for one training at a time.

    Args:
        session: the configuration, its placement and the database.
        dates: as of which to train.

    Returns:
        The runs, oldest first; ready, or rejected by their checks.

    Raises:
        ConfigError: the configuration cannot be used.
        DataError: the data has no times, a date lies outside of it, or what was known at one cannot
            be trained on.
        Temporary: another training goes on for too long, or the database is busy.
    """
    session.make_database()
    require_within(dates, _span(session))
    return tuple(train_as_of(session, as_of, BACKFILL, with_live=False) for as_of in dates.moments)


def _span(session: Session) -> DataSpan:
    """Read all of the data once, to see when it begins and ends."""
    forgotten = read_forgotten(session.engine)
    return DataSpan.of(read_data(session, None, None, forgotten).dataset)
