"""Checks of the overlap of ids: interactions with the side tables, and with the live run."""

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check, id_examples

MIN_RECURRING_SHARE = 0.8
"""Share of the live run's users that the data should name: so few leave between two trainings."""
MIN_POSSIBLE_SHARE = 0.2
"""Share of them below which ids were surely re-keyed, and lists would reach the wrong people."""

SILENT_ITEMS = declare(
    FindingKind(
        code="items_without_interactions",
        severity="warning",
        what="catalogue items without interactions",
        happens="they are kept; only sources that read texts propose them, and lists that run short"
        " may be filled with them",
        cure="Nothing needs doing for new items.",
    )
)
UNKNOWN_ITEMS = declare(
    FindingKind(
        code="items_not_in_catalogue",
        severity="warning",
        what="items with interactions that the catalogue does not name",
        happens="they are kept, without features",
        cure="Export the whole catalogue; check that both files write ids alike.",
    )
)
SILENT_USERS = declare(
    FindingKind(
        code="users_without_interactions",
        severity="warning",
        what="users of the users file without interactions",
        happens="they are kept, and served as cold users",
        cure="Nothing needs doing for new users.",
    )
)
UNKNOWN_USERS = declare(
    FindingKind(
        code="users_not_in_table",
        severity="warning",
        what="users with interactions that the users file does not name",
        happens="they are kept, without features",
        cure="Export all users; check that both files write ids alike.",
    )
)
REKEYED = declare(
    FindingKind(
        code="users_not_recurring",
        severity="warning",
        what=f"fewer than {MIN_RECURRING_SHARE:.0%} of the live run's users found in the data",
        happens=f"training goes on; below {MIN_POSSIBLE_SHARE:.0%} it is an error",
        cure="Check that user ids were not re-keyed; new ids belong in a placement of their own.",
        limit=1 - MIN_POSSIBLE_SHARE,
    )
)


@data_check
def items_without_interactions(facts: Facts) -> Finding | None:
    """Find items that only the items file names.

    Args:
        facts: the interactions and the items are looked at.

    Returns:
        A finding, or None.
    """
    if facts.items is None:
        return None
    # The dataset numbers the ids of both files, so those without an event are the table's own.
    is_silent = pl.Series(facts.dataset.item_counts == 0)
    silent = facts.dataset.item_ids.values.filter(is_silent)
    return _about(SILENT_ITEMS, "items", silent, "have no interactions")


@data_check
def users_without_interactions(facts: Facts) -> Finding | None:
    """Find users that only the users file names.

    Args:
        facts: the interactions and the users are looked at.

    Returns:
        A finding, or None.
    """
    if facts.users is None:
        return None
    is_silent = pl.Series(facts.dataset.user_counts == 0)
    silent = facts.dataset.user_ids.values.filter(is_silent)
    return _about(SILENT_USERS, "users", silent, "have no interactions")


@data_check
def items_not_in_catalogue(facts: Facts) -> Finding | None:
    """Find items that only interactions name.

    Args:
        facts: the interactions and the items are looked at.

    Returns:
        A finding, or None.
    """
    return _not_in_table(UNKNOWN_ITEMS, "items", facts.items, facts.dataset.item_ids.values)


@data_check
def users_not_in_table(facts: Facts) -> Finding | None:
    """Find users that only interactions name.

    Args:
        facts: the interactions and the users are looked at.

    Returns:
        A finding, or None.
    """
    return _not_in_table(UNKNOWN_USERS, "users", facts.users, facts.dataset.user_ids.values)


def _not_in_table(
    kind: FindingKind, subject: str, table: pl.DataFrame | None, ids: pl.Series
) -> Finding | None:
    if table is None:
        return None
    in_table = table["id"].implode()
    missing = ids.filter(~ids.is_in(in_table))
    words = f"with interactions are not among the {len(table)} in the file"
    return _about(kind, subject, missing, words)


def _about(kind: FindingKind, subject: str, ids: pl.Series, words: str) -> Finding | None:
    """Make a finding of the ids, if there are any."""
    if ids.is_empty():
        return None
    return kind.finding(subject, len(ids), f"{len(ids)} {subject} {words}", id_examples(ids))


@data_check
def users_not_recurring(facts: Facts) -> Finding | None:
    """Compare the users of the data with those of the live run.

    Re-keyed ids would give everybody the list of another person.

    Args:
        facts: the ids of users and the live run's users are looked at.

    Returns:
        A finding, or None where enough of them recur or nothing is live.
    """
    if facts.live_users is None or facts.live_users.is_empty():
        return None
    # The database has every id as text, as the dataset has.
    live = facts.live_users.cast(pl.String).unique(maintain_order=True)
    gone = live.filter(~live.is_in(facts.dataset.user_ids.values.implode()))
    n_recurring = len(live) - len(gone)
    if n_recurring >= MIN_RECURRING_SHARE * len(live):
        return None
    message = f"{len(gone)} of the live run's {len(live)} users are not in the data"
    return REKEYED.finding("users", len(gone), message, id_examples(gone), total=len(live))
