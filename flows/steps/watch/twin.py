"""Lists of the ranker's twin, as a run folder keeps them, and those that it is compared with."""

import polars as pl
from sqlalchemy import Engine

from fusion.runs.run_folder import RunFolder
from storage.reading.read import lists_of, served_of
from storage.schema.tables import COLD


def twin_lists(run: RunFolder) -> pl.DataFrame | None:
    """Return the lists that the ranker's twin, an A/A replicate, gave a sample of users.

    Args:
        run: its folder.

    Returns:
        user_id, rank, item_id; None where the run has no twin.
    """
    twin = pl.read_parquet(run.twin)
    if twin.is_empty():
        return None
    user_ids = pl.read_parquet(run.user_ids)["user_id"]
    item_ids = pl.read_parquet(run.item_ids)["item_id"]
    return pl.DataFrame(
        {
            "user_id": user_ids.gather(twin["user"]),
            "rank": twin["rank"],
            "item_id": item_ids.gather(twin["item"]),
        }
    )


def lists_with_history(engine: Engine, run_no: int, top: int) -> pl.DataFrame:
    """Return the lists of a run but for those from attributes.

    No ranker made these, so that a twin has none, and nothing would say what of their change is
    chance; and a training that judges them otherwise takes all of them away, or brings them.

    Args:
        engine: from `connect`.
        run_no: the run.
        top: ranks up to this.

    Returns:
        As `lists_of`.
    """
    cold = served_of(engine, run_no).filter(pl.col("route") == COLD)
    lists = lists_of(engine, run_no, top)
    return lists.join(cold, on="user_id", how="anti", maintain_order="left")
