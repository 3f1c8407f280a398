"""`fusion check --profile`: which items and users hold the events, beside what is listed."""

from datetime import datetime

import numpy as np
from sqlalchemy import Engine

from flows.session import Session
from flows.steps.keep.forgotten import read_forgotten
from fusion.data.balance import Balance, Counts, measure_balance
from fusion.data.dataset import Dataset
from fusion.ingest.load import inspect_data
from storage.database.errors import NoDatabase
from storage.reading.live_run import live
from storage.reading.read import places_of


def balance_of(session: Session, as_of: datetime | None = None) -> Balance | None:
    """Measure the balance of the data and of the live lists.

    Args:
        session: the configuration and the database.
        as_of: look at the data as a run as of this time would; None is everything.

    Returns:
        The balance; None where the data cannot be read, or holds no interaction.

    Raises:
        Temporary: a database is busy or away.
    """
    engine = _database(session)
    forgotten = read_forgotten(engine) if engine else None
    data = inspect_data(
        session.config.data, session.base, as_of, session.read_sql, left_out=forgotten
    ).dataset
    if data is None or not len(data):
        return None
    return measure_balance(data, _listed(engine, session.placement, data) if engine else None)


def _database(session: Session) -> Engine | None:
    """Return the database; None where none has been made yet."""
    try:
        return session.engine
    except NoDatabase:
        return None


def _listed(engine: Engine, placement: str, data: Dataset) -> Counts | None:
    """Places (I,) of the live lists that hold each item; None where nothing is live."""
    live_run = live(engine, placement)
    if live_run is None:
        return None
    places = places_of(engine, live_run.run.run_no, live_run.run.list_size)
    rows = data.item_ids.rows(places["item_id"])
    # An item of a list may have left the data since.
    is_known = rows >= 0
    counts = np.zeros(data.n_items, np.int64)
    counts[rows[is_known]] = places["places"].to_numpy()[is_known]
    return counts
