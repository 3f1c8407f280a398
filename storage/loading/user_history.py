"""Load the last events of users, one row each, in the place of those of an earlier run."""

import logging
from collections.abc import Iterable

import polars as pl
from sqlalchemy import Engine

from storage.database.engine import writing
from storage.loading.copying import copy, insert_tuples
from storage.loading.frame_schemas import HISTORIES, conform
from storage.runs.histories import delete_histories
from storage.slots.slot_moves import lock_slot

logger = logging.getLogger(__name__)
_KEY = "x"
_BEFORE = len(f'{{"{_KEY}":')
"""Characters before the value of an object with one short key."""


def replace_histories(
    engine: Engine, placement: str, run_no: int, blocks: Iterable[pl.DataFrame], by: str
) -> int:
    """Load the histories of a run's users; those of the placement's other runs go.

    Args:
        engine: from `connect`.
        placement: where the run's lists are shown.
        run_no: the run.
        blocks: frames of whole users: user_id str, item_id str, time (ms) or null, weight float32
            or null, in the order in which a user's events shall stand. Taken one at a time.
        by: who publishes, for the row of a slot that is not there yet.

    Returns:
        The number of users.

    Raises:
        DataError: a column, null or NUL that cannot be stored, or a user in two blocks.
    """
    frames = (conform(pack_events(block), HISTORIES) for block in blocks)
    # In one transaction: no reader finds a user without the history that they had.
    with writing(engine) as connection:
        # Of two publishers at once, one waits, and then takes away what the other loaded.
        lock_slot(connection, placement, "live", by)
        delete_histories(connection, placement)
        if engine.dialect.name == "postgresql":
            run_column = pl.lit(run_no).alias("run_no")
            numbered = (frame.select(run_column, pl.all()) for frame in frames)
            target = f"{HISTORIES.table} (run_no, {', '.join(HISTORIES.columns)})"
            count = copy(connection, target, numbered)
        else:
            count = insert_tuples(connection, HISTORIES.table, run_no, frames)
    logger.info("histories loaded run_no=%d users=%d", run_no, count)
    return count


def pack_events(block: pl.DataFrame) -> pl.DataFrame:
    """Pack the events of each user as JSON.

    Args:
        block: user_id, item_id, time, weight, a row each.

    Returns:
        user_id, events: an object whose `rows` are arrays of item_id, milliseconds since 1970 or
        null, weight or null, in the order of the rows here. Users come by first row.
    """
    milliseconds = pl.col("time").dt.epoch("ms")
    # Ids are texts of others: they alone need a writer of JSON.
    item = pl.struct(pl.col("item_id").alias(_KEY)).struct.json_encode()
    cells = [
        item.str.slice(_BEFORE).str.strip_suffix("}"),
        milliseconds.cast(pl.String).fill_null("null"),
        pl.col("weight").round(4).cast(pl.String).fill_null("null"),
    ]
    array = pl.format("[{}]", pl.concat_str(cells, separator=","))
    packed = block.select("user_id", array.alias("events"))
    grouped = packed.group_by("user_id", maintain_order=True).agg(pl.col("events").str.join(","))
    document = pl.concat_str(pl.lit('{"rows":['), "events", pl.lit("]}"))
    return grouped.with_columns(document.alias("events"))
