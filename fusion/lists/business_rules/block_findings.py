"""Findings about rows of `blocked_item`: names that nothing has, and rows that can never act."""

from collections.abc import Sequence
from difflib import get_close_matches

import polars as pl

from fusion.core.arrays import Flags
from fusion.core.findings import Finding, FindingKind, declare
from fusion.data.dataset import Dataset

SUBJECT = "blocked_item"
PLACEMENT, BACKWARDS, ENDED = "placement", "backwards", "ended"
"""Reasons why a row can never act: where it would, and its window."""

NO_ITEM = declare(
    FindingKind(
        "blocked_unknown",
        "warning",
        "rows of blocked_item whose item the data does not have",
        "they block nothing in this run's lists; in the views they act as they are",
        "Correct item_id where it should be one of these items.",
    )
)
NO_USER = declare(
    FindingKind(
        "blocked_user",
        "warning",
        "rows of blocked_item whose user the data does not have",
        "they block nothing: who has no list of their own is shown the fallback",
        "Correct user_id where it should be one of these users, by pseudonym where [data] "
        "pseudonyms is on; null is everyone.",
    )
)
NO_PLACEMENT = declare(
    FindingKind(
        "blocked_placement",
        "warning",
        "rows of blocked_item for a placement that no run was made for",
        "they block nothing",
        "Correct placement, or delete the row.",
    )
)
WINDOW_BACKWARDS = declare(
    FindingKind(
        "blocked_backwards",
        "warning",
        "rows of blocked_item whose until is not later than their starts_at",
        "they never block anything",
        "Mend the two times; perhaps they are swapped.",
    )
)
WINDOW_ENDED = declare(
    FindingKind(
        "blocked_ended",
        "warning",
        "rows of blocked_item whose until has passed",
        "they block nothing any more",
        "Correct until where the row should still act; delete the rows that are done.",
    )
)
NOTHING_LEFT = declare(
    FindingKind(
        "blocked_everything",
        "error",
        "blocks and ends of availability that leave no item to list",
        "nothing is trained: lists would be empty",
        "Delete rows of blocked_item, or correct the times of availability.",
    )
)
KINDS = {PLACEMENT: NO_PLACEMENT, BACKWARDS: WINDOW_BACKWARDS, ENDED: WINDOW_ENDED}


def unknown_names(data: Dataset, blocked: pl.DataFrame) -> list[Finding]:
    """Name what active rows block and the data does not have.

    Args:
        data: items and users.
        blocked: rows `item_id`, `user_id` (null: for everyone) that are blocked now.

    Returns:
        A finding for items, one for users; none where all are known.
    """
    of_users = blocked.drop_nulls("user_id")
    missing_items = data.item_ids.rows(blocked["item_id"]) < 0
    missing_users = data.user_ids.rows(of_users["user_id"]) < 0
    items = blocked["item_id"].filter(pl.Series(missing_items, dtype=pl.Boolean))
    users = of_users["user_id"].filter(pl.Series(missing_users, dtype=pl.Boolean))
    findings = []
    for kind, names, noun in ((NO_ITEM, items, "items"), (NO_USER, users, "users")):
        if not len(names):
            continue
        distinct = names.unique().sort()
        message = (
            f"{len(names)} of {len(blocked)} active rows name {len(distinct)} {noun} that are not"
            " in the data"
        )
        examples = [{names.name: name} for name in distinct.head(3)]
        findings.append(kind.finding(SUBJECT, len(names), message, examples))
    return findings


def nothing_left(data: Dataset, blocked: Flags) -> list[Finding]:
    """Name blocks that, with what is not available, leave nobody anything.

    Args:
        data: items and users.
        blocked: (I,) items that are blocked for everyone.

    Returns:
        A finding, or none.
    """
    # Without times nobody knows yet what is available: another finding asks for the moment.
    if not data.has_times and not blocked.any():
        return []
    available = data.listable(data.as_of)
    if (available & ~blocked).any():
        return []
    message = (
        f"of {data.n_items} items {(~available).sum()} are not available and"
        f" {(available & blocked).sum()} are blocked"
    )
    return [NOTHING_LEFT.finding(SUBJECT, data.n_items, message)]


def idle_rows(idle: pl.DataFrame, placements: Sequence[str]) -> list[Finding]:
    """Name rows that can never act, whatever the data holds.

    Args:
        idle: placement, item_id, user_id, starts_at, until (texts or null) and `why`, a key of
            `KINDS`.
        placements: known ones, among which the nearest to a misspelt one is looked for.

    Returns:
        A finding for each reason that there is.
    """
    findings = []
    for why, kind in KINDS.items():
        rows = idle.filter(pl.col("why") == why)
        if not len(rows):
            continue
        message = f"{kind.what}: {len(rows)}"
        if why == PLACEMENT:
            message += _known_placements(str(rows["placement"][0]), placements)
        # Keys without a value would only take room.
        examples = []
        for row in rows.head(3).drop("why").iter_rows(named=True):
            examples.append({name: value for name, value in row.items() if value is not None})
        findings.append(kind.finding(SUBJECT, len(rows), message, examples))
    return findings


def _known_placements(name: str, placements: Sequence[str]) -> str:
    close = get_close_matches(name, placements, n=1)
    did_you_mean = f". Did you mean {close[0]!r}?" if close else "."
    return f", such as {name!r}{did_you_mean} Known: {', '.join(placements)}"
