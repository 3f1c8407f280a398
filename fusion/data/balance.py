"""Balance: which items and users hold the events, and how lists differ from that."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.data.categories import category_columns
from fusion.data.dataset import Dataset

Counts = NDArray[np.int64]

DECILES = 10
MOST_VALUES = 12
"""Values of a column that are told apart, those with most events; the rest is one group."""
REST = "(rest)"
NONE = "(none)"
"""Items or users that the column says nothing of."""


@dataclass(frozen=True)
class GroupShare:
    """A group of items or users, and what it holds.

    Attributes:
        of: "items" or "users".
        by: "popularity", or the column that makes the groups.
        group: a decile of popularity (1 is the most popular tenth of items), or a value.
        members: share of the items or users; an item with two values is in two groups.
        events: share of all events.
        places: share of the places of the live lists; None for users, and where nothing is live.
    """

    of: str
    by: str
    group: str
    members: float
    events: float
    places: float | None = None


@dataclass(frozen=True)
class Coverage:
    """What is known besides interactions and tables, and of how many.

    Attributes:
        what: "vectors", "facts" or "queries".
        name: of vectors; a relation of facts; "" of queries.
        count: numbers of a vector; facts; queries.
        of: "items" or "users".
        members: share of the items or users with an event of whom there is any.
    """

    what: str
    name: str
    count: int
    of: str
    members: float


@dataclass(frozen=True)
class Balance:
    """Spread of events over items and users.

    Attributes:
        users: with an event.
        items: with an event.
        events: interactions.
        density: share of the pairs of these users and items that have an event.
        liked: share of events that are liked.
        head: share of events on the most popular hundredth of the items.
        tail: share of events on the less popular half of the items.
        groups: by popularity, by each category column of items, by each of users.
        coverage: by vectors, relations of facts, and queries, as far as there are any.
    """

    users: int
    items: int
    events: int
    density: float
    liked: float
    head: float
    tail: float
    groups: tuple[GroupShare, ...]
    coverage: tuple[Coverage, ...] = ()


def measure_balance(data: Dataset, places: Counts | None = None) -> Balance:
    """Measure how evenly events are spread over items and users.

    Args:
        data: at least one interaction.
        places: (I,) places of the live lists that hold each item; None where nothing is live.

    Returns:
        Shares of all events, and of all places.
    """
    items, users = data.item_counts.astype(np.int64), data.user_counts.astype(np.int64)
    descending = np.sort(items[items > 0])[::-1]
    n_items, n_users = len(descending), int((users > 0).sum())
    n_pairs = len(np.unique(data.users.astype(np.int64) * data.n_items + data.items))
    groups = _popularity_groups(items, places)
    for column in category_columns(data.item_table):
        cells = pl.DataFrame({"row": np.arange(data.n_items), "value": data.item_table[column]})
        # An item may name a value twice.
        exploded = cells.explode("value", empty_as_null=True).unique(maintain_order=True)
        groups += _value_groups("items", column, exploded, items, places)
    for column, kind in data.user_table.schema.items():
        if kind == pl.String:
            cells = pl.DataFrame({"row": np.arange(data.n_users), "value": data.user_table[column]})
            groups += _value_groups("users", column, cells, users, None)
    return Balance(
        n_users,
        n_items,
        len(data),
        density=n_pairs / (n_users * n_items),
        liked=float(data.liked.mean()),
        head=float(descending[: max(n_items // 100, 1)].sum() / len(data)),
        tail=float(descending[n_items - n_items // 2 :].sum() / len(data)),
        groups=tuple(groups),
        coverage=tuple(_coverage(data)),
    )


def _coverage(data: Dataset) -> Iterator[Coverage]:
    """Say of how many items or users there are vectors, facts and queries."""
    taken, active = np.flatnonzero(data.item_counts), np.flatnonzero(data.user_counts)
    for of, rows, by_name in (
        ("items", taken, data.vectors),
        ("users", active, data.user_vectors),
    ):
        for name, vectors in by_name.items():
            members = float(vectors[rows].any(axis=1).mean())
            yield Coverage("vectors", name, vectors.shape[1], of, members)
    for relation in data.facts.relations:
        items = data.facts.table.filter(relation=relation)["item"].to_numpy()
        members = float(np.isin(taken, items).mean())
        yield Coverage("facts", relation, len(items), "items", members)
    if len(data.queries):
        members = float(np.isin(active, data.queries.users).mean())
        yield Coverage("queries", "", len(data.queries), "users", members)


def _popularity_groups(items: Counts, places: Counts | None) -> list[GroupShare]:
    """Tenths of the items with an event, the most popular first, and the items without one."""
    # Ties keep the order of the items.
    order = np.argsort(-items, kind="stable")[: int((items > 0).sum())]
    tenths = {str(at + 1): rows for at, rows in enumerate(np.array_split(order, DECILES))}
    tenths["no events"] = np.flatnonzero(items == 0)
    return [
        _group("items", "popularity", name, rows, items, places)
        for name, rows in tenths.items()
        if len(rows)
    ]


def _value_groups(
    of: str, column: str, cells: pl.DataFrame, counts: Counts, places: Counts | None
) -> list[GroupShare]:
    """Groups of a column's values, those with most events first.

    Args:
        of: "items" or "users".
        column: the column.
        cells: `row` and `value`, null for none; a row for each value of a member.
        counts: events of each member.
        places: places of each member.
    """
    rows_of = {
        NONE if value is None else str(value): rows["row"].to_numpy()
        for (value,), rows in cells.partition_by("value", as_dict=True).items()
    }
    names = sorted(rows_of, key=lambda name: (-counts[rows_of[name]].sum(), name))
    groups = [
        _group(of, column, name, rows_of[name], counts, places) for name in names[:MOST_VALUES]
    ]
    others = [rows_of[name] for name in names[MOST_VALUES:]]
    if others:
        rest = np.unique(np.concatenate(others))
        groups.append(_group(of, column, REST, rest, counts, places))
    return groups


def _group(
    of: str, by: str, name: str, rows: NDArray[np.integer], counts: Counts, places: Counts | None
) -> GroupShare:
    def share(values: Counts) -> float:
        return float(values[rows].sum() / max(values.sum(), 1))

    listed = share(places) if places is not None else None
    return GroupShare(of, by, name, len(rows) / len(counts), share(counts), listed)
