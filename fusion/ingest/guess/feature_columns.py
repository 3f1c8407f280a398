"""Guesses of which columns describe an item or a user: texts, categories and numbers."""

from collections.abc import Iterable

import polars as pl

from fusion.ingest.guess.cell_kinds import is_number, is_time
from fusion.ingest.guess.vocabulary import CATEGORY, ID, NO_FEATURE, TITLE, name_score, words_in

MAX_CATEGORIES = 20
"""Different values that a column of categories may have in any case ..."""
CELLS_PER_CATEGORY = 20
"""... and the cells that each of more of them needs, so that a category says something of many."""
MIN_LISTED_SHARE = 0.1
"""Share of cells like "a|b|c" from which on a column holds lists of categories."""
MIN_REPEATS = 2
"""Rows of an id, on average, without which it cannot be seen whether they agree."""


def guess_features(
    sample: pl.DataFrame, columns: Iterable[str], *, texts: bool
) -> dict[str, list[str]]:
    """Sort columns by the kind of feature they hold.

    Args:
        sample: first rows of the table.
        columns: those to sort.
        texts: texts count too; otherwise columns of free text are no features.

    Returns:
        "text" (titles first), "category" and "number" -> columns, as far as there are any. Ids,
        addresses and times are no features.
    """
    by_kind: dict[str, list[str]] = {"text": [], "category": [], "number": []}
    for column in columns:
        kind = _feature_kind(sample[column], column)
        if kind is not None and (texts or kind != "text"):
            by_kind[kind].append(column)
    # Titles begin the text of an item: they say most, and long texts may be cut.
    by_kind["text"].sort(key=lambda column: not name_score(column, TITLE))
    return {kind: names for kind, names in by_kind.items() if names}


def is_described(sample: pl.DataFrame, key: str, column: str) -> bool:
    """Return True where a column says something of each value of another.

    Args:
        sample: first rows of the interactions.
        key: column of ids.
        column: has one value for every id, and the sample repeats ids often enough to see that.
    """
    n_keys = sample[key].n_unique()
    n_pairs = sample.select(pl.struct(key, column).n_unique()).item()
    is_repeated = n_keys * MIN_REPEATS < len(sample)
    is_constant = sample[column].n_unique() <= 1  # then it says nothing
    return is_repeated and n_pairs == n_keys and not is_constant


def _feature_kind(values: pl.Series, name: str) -> str | None:
    """The kind of feature, None for a column that is none."""
    known = values.drop_nulls()
    is_odd_type = values.dtype.is_temporal() or isinstance(values.dtype, pl.Struct)
    if known.is_empty() or is_odd_type or _is_named_otherwise(name):
        return None
    if isinstance(values.dtype, pl.List | pl.Array):
        return "category"
    if is_number(values):
        return "number"
    # Texts that read as times are dates of release and the like, which no source understands.
    cells = known.cast(pl.String, strict=False).drop_nulls()
    if is_time(cells, named=True):
        return None
    return "category" if _holds_categories(cells, name) else "text"


def _is_named_otherwise(name: str) -> bool:
    """Flag names of ids, addresses and the like."""
    parts = words_in(name)
    if not NO_FEATURE.isdisjoint(parts):
        return True
    last = parts[-1] if parts else ""
    return last in ID or last.endswith("id")


def _holds_categories(cells: pl.Series, name: str) -> bool:
    """Few different values, lists of them, or a name that says so."""
    n_different = cells.n_unique()
    is_repeated = len(cells) > n_different
    if is_repeated and n_different <= max(MAX_CATEGORIES, len(cells) // CELLS_PER_CATEGORY):
        return True
    n_listed = cells.str.contains("|", literal=True).sum()
    listed_share = n_listed / max(1, len(cells))  # cells that are no text are left out: perhaps all
    if listed_share >= MIN_LISTED_SHARE:
        return True
    return name_score(name, CATEGORY) > 0 and not name_score(name, TITLE)
