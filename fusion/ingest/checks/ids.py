"""Checks of how the ids of users and items are written."""

import polars as pl

from fusion.core.findings import EXAMPLES, Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check, id_examples

NULL_WORDS = ("nan", "null", "none", "n/a", "na", "nil", "nat", "undefined", "<na>", "\\n")
"""What programs write for a missing value, in lower case."""
SHOWN_CHARACTERS = 60
"""Characters of a broken id that an example shows."""
MAX_ID_BYTES = 2000
"""Bytes of the longest id; an index of PostgreSQL takes 2,704, with the key's other columns."""

MIXED = declare(
    FindingKind(
        code="mixed_ids",
        severity="warning",
        what="integer ids and text ids together",
        happens="all are kept, as text",
        cure="Check that two kinds of ids were not merged by accident.",
    )
)
SIMILAR = declare(
    FindingKind(
        code="similar_ids",
        severity="warning",
        what="ids that differ only by blanks or case",
        happens="they count as different",
        cure="Write each id in one way, if they mean the same.",
    )
)
NULL_LIKE = declare(
    FindingKind(
        code="null_like_id",
        severity="warning",
        what="an id that is a word for nothing, such as nan or NULL",
        happens="it counts as an id like any other",
        cure="Export an empty cell where there is no id.",
    )
)
NUL = declare(
    FindingKind(
        code="nul_in_id",
        severity="error",
        what="an id with a NUL character",
        happens="nothing is read: no database takes it",
        cure="Remove the character.",
    )
)
BROKEN = declare(
    FindingKind(
        code="line_break_in_id",
        severity="warning",
        what="an id with a line break",
        happens="it counts as an id like any other",
        cure="Remove the line break; in CSV, look for a stray quote above it.",
        limit=0.01,
    )
)
LONG = declare(
    FindingKind(
        code="long_id",
        severity="error",
        what=f"an id of more than {MAX_ID_BYTES} bytes",
        happens="nothing is read: no index of a database takes it",
        cure="Export the id alone; in CSV, look for a stray quote.",
    )
)


def _ids_by_subject(facts: Facts) -> dict[str, pl.Series]:
    return {"users": _users(facts), "items": facts.dataset.item_ids.values}


def _users(facts: Facts) -> pl.Series:
    """Ids of users as files write them."""
    return facts.written.users if facts.written else facts.dataset.user_ids.values


@data_check
def mixed_ids(facts: Facts) -> Finding | None:
    """Find integers among text ids, or the reverse.

    Ids of one length are no mixture: codes such as ISBNs may happen to be all digits.

    Args:
        facts: the ids of users and items are looked at.

    Returns:
        A finding about users, or else about items, or None.
    """
    for subject, ids in _ids_by_subject(facts).items():
        is_integer = ids.str.contains(r"^[+-]?\d+$")
        n_integers = int(is_integer.sum())
        n_texts = len(ids) - n_integers
        count = min(n_integers, n_texts)
        if count and ids.str.len_chars().n_unique() > 1:
            integers = ids.filter(is_integer)
            texts = ids.filter(~is_integer)
            # One of the ones and two of the others: three examples show both kinds.
            examples = id_examples(integers.head(1).append(texts.head(2)))
            message = f"{n_integers} ids are integers, {n_texts} are text"
            return MIXED.finding(subject, count, message, examples)
    return None


@data_check
def similar_users(facts: Facts) -> Finding | None:
    """Find user ids that a reader would call the same.

    Args:
        facts: the ids of users are looked at.

    Returns:
        A finding, or None.
    """
    return _similar("users", _users(facts))


@data_check
def similar_items(facts: Facts) -> Finding | None:
    """Find item ids that a reader would call the same.

    Args:
        facts: the ids of items are looked at.

    Returns:
        A finding, or None.
    """
    return _similar("items", facts.dataset.item_ids.values)


def _similar(subject: str, ids: pl.Series) -> Finding | None:
    """Group ids by their text without blanks and case."""
    plain = ids.str.to_lowercase().str.replace_all(r"\s+", "").alias("plain")
    if plain.n_unique() == len(ids):  # the usual case needs no grouping
        return None
    frame = pl.DataFrame({"id": ids, "plain": plain})
    groups = frame.group_by("plain", maintain_order=True).agg("id")
    size = pl.col("id").list.len()
    groups = groups.filter(size > 1)
    first = groups["id"].head(EXAMPLES).to_list()
    examples = [{"ids": group} for group in first]
    message = f"{len(groups)} groups of ids differ only by blanks or case"
    return SIMILAR.finding(subject, len(groups), message, examples)


@data_check
def null_like_id(facts: Facts) -> Finding | None:
    """Find ids that are words for nothing: all rows without a user would count as one user.

    Args:
        facts: the ids of users and items are looked at.

    Returns:
        A finding about users, or else about items, or None.
    """
    for subject, ids in _ids_by_subject(facts).items():
        bad = ids.filter(ids.str.to_lowercase().is_in(NULL_WORDS))
        if len(bad):
            message = f"{len(bad)} ids are words for nothing"
            return NULL_LIKE.finding(subject, len(bad), message, id_examples(bad))
    return None


@data_check
def nul_in_id(facts: Facts) -> Finding | None:
    """Find ids with a NUL character: PostgreSQL refuses it, SQLite cuts the text there.

    Args:
        facts: the ids of users and items are looked at.

    Returns:
        A finding about users, or else about items, or None.
    """
    for subject, ids in _ids_by_subject(facts).items():
        bad = ids.filter(ids.str.contains("\0", literal=True))
        if len(bad):
            message = f"{len(bad)} ids contain a NUL character"
            return NUL.finding(subject, len(bad), message, id_examples(bad))
    return None


@data_check
def line_break_in_id(facts: Facts) -> Finding | None:
    """Find ids of several lines: a quote that was never meant to open a cell makes such.

    Args:
        facts: the ids of users and items are looked at.

    Returns:
        A finding about users, or else about items, or None.
    """
    for subject, ids in _ids_by_subject(facts).items():
        bad = ids.filter(ids.str.contains(r"[\r\n]"))
        if len(bad):
            message = f"{len(bad)} of {len(ids)} ids contain a line break"
            return BROKEN.finding(subject, len(bad), message, _beginnings(bad), total=len(ids))
    return None


@data_check
def long_id(facts: Facts) -> Finding | None:
    """Find ids that no key of a database can hold.

    Args:
        facts: the ids of users and items are looked at.

    Returns:
        A finding about users, or else about items, or None.
    """
    for subject, ids in _ids_by_subject(facts).items():
        bad = ids.filter(ids.str.len_bytes() > MAX_ID_BYTES)
        if len(bad):
            message = f"{len(bad)} ids have more than {MAX_ID_BYTES} bytes"
            return LONG.finding(subject, len(bad), message, _beginnings(bad))
    return None


def _beginnings(ids: pl.Series) -> list[dict[str, object]]:
    """Show how the first ids begin: the whole of them may be half a file."""
    return id_examples(ids.head(EXAMPLES).str.slice(0, SHOWN_CHARACTERS))
