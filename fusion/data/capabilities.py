"""Capabilities of a dataset: the kinds of data that a source or a feature may need."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fusion.data.categories import category_columns
from fusion.errors import UnknownName

if TYPE_CHECKING:
    from fusion.data.dataset import Dataset

CAPABILITIES = {
    "times": "interactions with times",
    "weights": "interactions with weights",
    "texts": "a text for at least one item",
    "categories": "at least one category column of items",
    "numbers": "at least one number column of items",
    "vectors": "vectors of items",
    "facts": "facts about items",
    "content": "texts, categories, numbers, vectors or facts of items",
}
"""Every name that `needs` may hold, and what a dataset must have to offer it."""

CONTENT = frozenset({"texts", "categories", "numbers", "vectors", "facts"})
"""Capabilities of which one at least makes the capability "content"."""
AVAILABILITY = ("available_from", "available_until")
"""Columns of the item table that are numbers, yet say when an item may be listed, not how it is."""


def require_known_capabilities(needs: Iterable[str], owner: str) -> None:
    """Refuse needs that no dataset could ever meet.

    Called where a source or a feature is registered: a misspelt need would otherwise leave it out
    of every run without a word.

    Args:
        needs: names that a source or a feature declares.
        owner: who declares them, for the message, such as "source 'content'".

    Raises:
        UnknownName: a need is not one of `CAPABILITIES`.
    """
    for need in sorted(needs):
        if need not in CAPABILITIES:
            raise UnknownName(f"need of {owner}:", need, CAPABILITIES)


def capabilities_of(data: "Dataset") -> frozenset[str]:
    """Return the capabilities that a dataset offers.

    Args:
        data: any dataset, whole or trimmed.

    Returns:
        A subset of the names in `CAPABILITIES`.
    """
    offered = frozenset(_offered(data))
    return offered | {"content"} if offered & CONTENT else offered


def _offered(data: "Dataset") -> Iterator[str]:
    table = data.item_table
    if data.has_times:
        yield "times"
    if data.has_weights:
        yield "weights"
    if "text" in table.columns and table["text"].null_count() < len(table):
        yield "texts"
    if category_columns(table):
        yield "categories"
    features = table.drop(AVAILABILITY, strict=False)
    if any(kind.is_numeric() for kind in features.dtypes):
        yield "numbers"
    if data.vectors:
        yield "vectors"
    # Not by the facts that are there: what a fold knows of them decides no column of its table.
    if data.facts.relations:
        yield "facts"
