"""Block items for everyone, and end such blocks: rows of `blocked_item`, which views obey."""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, insert, update

from fusion.errors import DataError
from fusion.masking import mask_secrets
from storage.database.engine import writing
from storage.schema.tables import blocked_item
from storage.schema.types import utc_now

logger = logging.getLogger(__name__)
_ENDED = re.compile(r"(?:(?P<before>.*); )?ended by (?P<by>.*?): (?P<why>.*)", re.DOTALL)


@dataclass(frozen=True)
class Ended:
    """The end of a block, as its row tells it.

    Attributes:
        by: who ended it.
        why: in their words.
        before: why it was blocked; "" where nobody said.
    """

    by: str
    why: str
    before: str


def block_item(
    engine: Engine,
    placement: str,
    item_id: str,
    *,
    by: str,
    reason: str,
    until: datetime | None = None,
) -> None:
    """Hide an item from everyone, from the next read on.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        item_id: of the item, as lists have it.
        by: who blocks it.
        reason: in words for others.
        until: aware time at which it ends; None for good.

    Raises:
        DataError: that time is over.
    """
    if until is not None and until <= utc_now():
        raise DataError(
            f"a block until {until:%Y-%m-%d %H:%M} UTC would be over already; name a later time, "
            "or none for good"
        )
    # Whole seconds before now: it acts from the next read on, and the history knows since when.
    starts = utc_now().replace(microsecond=0)
    row = {"placement": placement, "item_id": item_id, "starts_at": starts, "until": until}
    said = {"reason": mask_secrets(reason), "by": mask_secrets(by)}
    with writing(engine) as connection:
        connection.execute(insert(blocked_item).values(row | said))
    logger.info("blocked placement=%s by=%s", placement, by)


def end_blocks(engine: Engine, ids: Collection[int], *, by: str, reason: str) -> None:
    """Let blocks end now; their rows stay, and say by whom and why.

    Args:
        engine: from `connect`.
        ids: of rows of `blocked_item`.
        by: who ends them.
        reason: in words for others.
    """
    ended = mask_secrets(f"ended by {by}: {reason}")
    before = func.coalesce(blocked_item.c.reason + "; ", "")
    change = {"until": utc_now(), "reason": before + ended}
    with writing(engine) as connection:
        rows = blocked_item.c.id.in_(list(ids))
        connection.execute(update(blocked_item).where(rows).values(change))
    logger.info("blocks ended n=%d by=%s", len(ids), by)


def ended_by(reason: str) -> Ended | None:
    """Read who ended a block out of its reason, as `end_blocks` writes it.

    Args:
        reason: of a row of `blocked_item`.

    Returns:
        Who and why; None where nobody ended it before its time.
    """
    match = _ENDED.fullmatch(reason)
    return Ended(match["by"], match["why"], match["before"] or "") if match else None
