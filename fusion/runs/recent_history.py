"""The last events of each served user, kept beside a run for people who look at a list."""

import numpy as np
import polars as pl

from fusion.data.dataset import Dataset
from fusion.runs.run_folder import RunFolder


def write_history(run: RunFolder, data: Dataset, most: int) -> None:
    """Write the last events of the users whom a run serves.

    Args:
        run: the draft, which has the file of served users.
        data: what was trained on.
        most: events of a user at most.
    """
    served = pl.read_parquet(run.served, columns=["user"])
    recent_events(data, most).join(served, on="user", how="semi").write_parquet(run.history)


def recent_events(data: Dataset, most: int) -> pl.DataFrame:
    """Return the last events of every user with a history.

    Args:
        data: interactions in time order.
        most: events of a user at most.

    Returns:
        user, item (int32), time (ms in UTC; null where the data has no times), weight (float32;
        null where it has no weights); by user, the newest first.
    """
    order, borders = data.by_user
    ends = np.repeat(borders[1:], data.user_counts)
    newest = ends - np.arange(len(order)) <= most
    rows = order[newest]
    events = pl.DataFrame(
        {
            "user": data.users[rows],
            "item": data.items[rows],
            "time": pl.Series(data.times[rows]).cast(pl.Datetime("ms", "UTC")),
            "weight": data.weights[rows],
        }
    )
    if not data.has_times:
        events = events.with_columns(time=pl.lit(None, pl.Datetime("ms", "UTC")))
    if not data.has_weights:
        events = events.with_columns(weight=pl.lit(None, pl.Float32))
    # From the end, which turns the users around as well: sorted back, each keeps its order.
    return events.reverse().sort("user", maintain_order=True)
