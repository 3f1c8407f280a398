"""Checks of the ids of users and items: their writing, who is known where, and whether they are still the same."""

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check, id_examples

RECURRING, HARDLY_ANY = 0.8, 0.2
NOTHING = ("nan", "null", "none", "n/a", "na", "nil", "nat", "undefined", "<na>", "\\n")

MIXED = declare(
    FindingKind(
        "mixed_ids",
        "warning",
        "integer ids and text ids together",
        "all are kept, as text",
        "Check that two kinds of ids were not merged by accident.",
    )
)
ALIKE = declare(
    FindingKind(
        "similar_ids",
        "warning",
        "ids that differ only by blanks or case",
        "they count as different",
        "Write each id in one way, if they mean the same.",
    )
)
NULL_WORDS = declare(
    FindingKind(
        "null_like_id",
        "warning",
        "an id that is a word for nothing, such as nan or NULL",
        "it counts as an id like any other",
        "Export an empty cell where there is no id.",
    )
)
NUL = declare(
    FindingKind(
        "nul_in_id",
        "error",
        "an id with a NUL character",
        "nothing is read: no database takes it",
        "Remove the character.",
    )
)
SILENT_ITEMS = declare(
    FindingKind(
        "items_without_interactions",
        "warning",
        "catalogue items that nobody met",
        "they are kept; only sources that read texts propose them, and lists that run short may be filled with them",
        "Nothing needs doing for new items.",
    )
)
UNKNOWN_ITEMS = declare(
    FindingKind(
        "items_not_in_catalogue",
        "warning",
        "items with interactions that the catalogue does not name",
        "they are kept, without features",
        "Export the whole catalogue; check that both files write ids alike.",
    )
)
SILENT_USERS = declare(
    FindingKind(
        "users_without_interactions",
        "warning",
        "users in the users file that did nothing",
        "they are kept, and served as cold users",
        "Nothing needs doing for new users.",
    )
)
UNKNOWN_USERS = declare(
    FindingKind(
        "users_not_in_table",
        "warning",
        "users with interactions that the users file does not name",
        "they are kept, without features",
        "Export all users; check that both files write ids alike.",
    )
)
REKEYED = declare(
    FindingKind(
        "users_not_recurring",
        "warning",
        f"fewer than {RECURRING:.0%} of the live run's users found in the data",
        f"training goes on; below {HARDLY_ANY:.0%} it is an error",
        "Check that user ids were not re-keyed; new ids belong in a placement of their own.",
        1 - HARDLY_ANY,
    )
)


def _both(facts: Facts) -> tuple[tuple[str, pl.Series], ...]:
    return ("users", facts.dataset.user_ids.values), ("items", facts.dataset.item_ids.values)


@data_check
def mixed_ids(facts: Facts) -> Finding | None:
    """Ids of one length are no mixture: codes such as ISBNs may happen to be all digits."""
    for subject, ids in _both(facts):
        whole = ids.str.contains(r"^[+-]?\d+$")
        count = min(int(whole.sum()), int((~whole).sum()))
        if count and ids.str.len_chars().n_unique() > 1:
            examples = id_examples(ids.filter(whole).head(1).append(ids.filter(~whole).head(2)))
            message = f"{int(whole.sum())} ids are integers, {int((~whole).sum())} are text"
            return MIXED.finding(subject, count, message, examples)
    return None


@data_check
def similar_users(facts: Facts) -> Finding | None:
    """User ids that somebody reading them would call the same."""
    return _alike(*_both(facts)[0])


@data_check
def similar_items(facts: Facts) -> Finding | None:
    """Item ids that somebody reading them would call the same."""
    return _alike(*_both(facts)[1])


def _alike(subject: str, ids: pl.Series) -> Finding | None:
    plain = ids.str.to_lowercase().str.replace_all(r"\s+", "").alias("plain")
    if plain.n_unique() == len(ids):
        return None
    groups = (
        pl.DataFrame({"id": ids, "plain": plain}).group_by("plain", maintain_order=True).agg("id")
    )
    groups = groups.filter(pl.col("id").list.len() > 1)
    examples = [{"ids": group} for group in groups["id"].head(3).to_list()]
    message = f"{len(groups)} groups of ids differ only by blanks or case"
    return ALIKE.finding(subject, len(groups), message, examples)


@data_check
def null_like_id(facts: Facts) -> Finding | None:
    """All rows without a user, taken for one user."""
    for subject, ids in _both(facts):
        bad = ids.filter(ids.str.to_lowercase().is_in(NOTHING))
        if len(bad):
            return NULL_WORDS.finding(
                subject, len(bad), f"{len(bad)} ids are words for nothing", id_examples(bad)
            )
    return None


@data_check
def nul_in_id(facts: Facts) -> Finding | None:
    """PostgreSQL refuses the character, SQLite cuts the text there."""
    for subject, ids in _both(facts):
        bad = ids.filter(ids.str.contains("\0", literal=True))
        if len(bad):
            return NUL.finding(
                subject, len(bad), f"{len(bad)} ids contain a NUL character", id_examples(bad)
            )
    return None


@data_check
def items_without_interactions(facts: Facts) -> Finding | None:
    """Part of the catalogue that no interaction names."""
    ids, counts = facts.dataset.item_ids.values, facts.dataset.item_counts
    return _partial(
        SILENT_ITEMS,
        "items",
        facts.items,
        ids.filter(pl.Series(counts == 0)),
        "have no interactions",
    )


@data_check
def users_without_interactions(facts: Facts) -> Finding | None:
    """Part of the users file that no interaction names."""
    ids, counts = facts.dataset.user_ids.values, facts.dataset.user_counts
    return _partial(
        SILENT_USERS,
        "users",
        facts.users,
        ids.filter(pl.Series(counts == 0)),
        "have no interactions",
    )


@data_check
def items_not_in_catalogue(facts: Facts) -> Finding | None:
    """Items that only interactions name."""
    return _unnamed(UNKNOWN_ITEMS, "items", facts.items, facts.dataset.item_ids.values)


@data_check
def users_not_in_table(facts: Facts) -> Finding | None:
    """Users that only interactions name."""
    return _unnamed(UNKNOWN_USERS, "users", facts.users, facts.dataset.user_ids.values)


def _unnamed(
    rule: FindingKind, subject: str, table: pl.DataFrame | None, ids: pl.Series
) -> Finding | None:
    if table is None:
        return None
    unnamed = ids.filter(~ids.is_in(table["id"].implode()))
    return _partial(
        rule,
        subject,
        table,
        unnamed,
        f"with interactions are not among the {len(table)} in the file",
    )


def _partial(
    rule: FindingKind, subject: str, table: pl.DataFrame | None, ids: pl.Series, what: str
) -> Finding | None:
    if table is None or ids.is_empty():
        return None
    return rule.finding(subject, len(ids), f"{len(ids)} {subject} {what}", id_examples(ids))


@data_check
def users_not_recurring(facts: Facts) -> Finding | None:
    """Re-keyed ids would give everybody somebody else's list."""
    if facts.live_users is None or facts.live_users.is_empty():
        return None
    live = facts.live_users.cast(pl.String).unique(maintain_order=True)
    gone = live.filter(~live.is_in(facts.dataset.user_ids.values.implode()))
    if len(live) - len(gone) >= RECURRING * len(live):
        return None
    message = f"{len(gone)} of the live run's {len(live)} users are not in the data"
    return REKEYED.finding("users", len(gone), message, id_examples(gone), len(live))
