"""Lists of the ranker's twin, as a run folder keeps them; light, since comparing needs no more."""

import polars as pl

from fusion.runs.run_folder import RunFolder


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
