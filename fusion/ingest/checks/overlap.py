"""Checks of the overlap of ids: interactions with the side tables, and with the live run."""

import polars as pl

from fusion.core.arrays import Rows
from fusion.core.findings import Finding, FindingKind, declare
from fusion.data.id_map import IdMap
from fusion.ingest.checks.registry import Facts, data_check, id_examples
from fusion.ingest.people.pseudonyms import KEY

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
        what=f"fewer than {MIN_RECURRING_SHARE:.0%} of the live run's users with interactions",
        happens=f"training goes on; below {MIN_POSSIBLE_SHARE:.0%} it is an error",
        cure="Check that user ids were not re-keyed; new ids belong in a placement of their own.",
        limit=1 - MIN_POSSIBLE_SHARE,
    )
)
CHANGED_KEY = declare(
    FindingKind(
        code="pseudonyms_changed",
        severity="error",
        what="pseudonyms of users under another key than those of the live run, or on one side "
        "alone",
        happens="nothing is trained: every list would reach nobody, or another person",
        cure=f"Set {KEY} and [data] pseudonyms as they were for the live run; a new key, and "
        "pseudonyms where there were none, belong in a placement of their own.",
    )
)
REKEYED_ITEMS = declare(
    FindingKind(
        code="items_not_recurring",
        severity="error",
        what="the catalogue names the live run's popular items, and interactions name others",
        happens="nothing is trained: items would lose their features, and old ids be listed as new",
        cure="Export catalogue and interactions anew, with the same ids for items.",
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
    return _about(kind, subject, missing, words, total=len(ids))


def _about(
    kind: FindingKind, subject: str, ids: pl.Series, words: str, total: int = 0
) -> Finding | None:
    """Make a finding of the ids, if there are any."""
    if ids.is_empty():
        return None
    message = f"{len(ids)} {subject} {words}"
    return kind.finding(subject, len(ids), message, id_examples(ids), total)


@data_check
def pseudonyms_changed(facts: Facts) -> Finding | None:
    """Compare the key of pseudonyms with that of the live run: another re-keys everybody.

    Args:
        facts: the keys' marks are looked at.

    Returns:
        A finding, or None where they are the same or nothing is live.
    """
    if facts.live is None or facts.live.key_mark == facts.key_mark:
        return None
    if facts.key_mark is None:
        message = "the live run has pseudonyms for users, and [data] pseudonyms is off now"
    elif facts.live.key_mark is None:
        message = "[data] pseudonyms is on, and the live run has the plain ids of users"
    else:
        message = f"{KEY} is another than the key that the live run's pseudonyms were made with"
    n_users = len(facts.live.users)
    return CHANGED_KEY.finding("users", n_users, f"{message}: nobody's id would be the same")


@data_check
def users_not_recurring(facts: Facts) -> Finding | None:
    """Compare the users of the interactions with those of the live run.

    Re-keyed ids would give everybody the list of another person. The users file is not asked: it
    may still have the old ids.

    Args:
        facts: the interactions and the live run's users are looked at.

    Returns:
        A finding, or None where enough of them recur or nothing is live.
    """
    if facts.live is None or facts.live.users.is_empty():
        return None
    if facts.live.key_mark != facts.key_mark:
        return None  # `pseudonyms_changed` names the cause
    live, gone = _live_and_gone(facts.live.users, facts.dataset.user_ids, facts.dataset.user_counts)
    n_recurring = len(live) - len(gone)
    if n_recurring >= MIN_RECURRING_SHARE * len(live):
        return None
    message = f"{len(gone)} of the live run's {len(live)} users with interactions have none now"
    return REKEYED.finding("users", len(gone), message, id_examples(gone), total=len(live))


@data_check
def items_not_recurring(facts: Facts) -> Finding | None:
    """Find items that were re-keyed in the interactions alone.

    That popular items lose all interactions is no fault by itself, as catalogues of news are short
    of life. It is one where the catalogue goes on naming them, and lacks what was taken instead.

    Args:
        facts: the interactions, the items and those of the live run are looked at.

    Returns:
        A finding, or None where enough of them recur, nothing is live or there is no catalogue.
    """
    if facts.live is None or facts.live.items.is_empty() or facts.items is None:
        return None
    data = facts.dataset
    live, gone = _live_and_gone(facts.live.items, data.item_ids, data.item_counts)
    if len(live) - len(gone) >= MIN_POSSIBLE_SHARE * len(live):
        return None
    in_catalogue = facts.items["id"].implode()
    still_named = gone.filter(gone.is_in(in_catalogue))
    is_named = data.item_ids.values.is_in(in_catalogue).to_numpy()
    share_named = float(data.item_counts[is_named].sum()) / len(data)
    if 2 * len(still_named) < len(gone) or share_named >= MIN_POSSIBLE_SHARE:
        return None
    message = (
        f"{len(gone)} of {len(live)} popular items of the live run have no interactions now, and "
        f"{1 - share_named:.0%} of the interactions are with items that the catalogue lacks"
    )
    return REKEYED_ITEMS.finding("items", len(gone), message, id_examples(still_named))


def _live_and_gone(ids: pl.Series, id_map: IdMap, counts: Rows) -> tuple[pl.Series, pl.Series]:
    """Return the live run's ids, each once, and those of them without interactions now."""
    # The database has every id as text, as the dataset has.
    live = ids.cast(pl.String).unique(maintain_order=True)
    with_interactions = id_map.values.filter(pl.Series(counts > 0))
    return live, live.filter(~live.is_in(with_interactions.implode()))
