"""Features of a candidate, each declared once: a name, what it needs of the data, and how it is computed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from fusion.arrays import DAY, Rows, Scores, Times
from fusion.blend import blend
from fusion.candidates import Candidates
from fusion.knowledge import Knowledge
from fusion.within import owner_means, ranks, zscores

Compute = Callable[["Block"], NDArray[np.floating]]
SPANS = {7: "this week", 28: "this month", 91: "in the last three months", 365: "this year"}
"""Days over which an item's recent share of all interactions is taken, and what people call them."""
SOURCE_COLUMNS = ("rank", "rr", "z", "proposed", "near")
"""What the table holds of each source, after its name and `_`."""
STEADY_OF_SOURCES = ("_rank", "_proposed")
"""Which of that is steady: `rr` says the same as `rank`; the spread of `z` follows how much happened lately."""


@dataclass(frozen=True)
class Feature:
    """One column (C,) float32 of the table: `needs` is "", "times", "weights", "categories" or "numbers".

    `because`: what it says in favour of an item, in words for everyone; "" for what is no reason by itself.
    `steady`: from one window to the next its values stay as they are spread, unless something is wrong with the data or
    with a source; ages, counts and shares move by themselves.
    """

    name: str
    meaning: str
    needs: str
    compute: Compute
    because: str = ""
    steady: bool = False


FEATURES: list[Feature] = []


def feature(
    name: str, meaning: str, needs: str = "", because: str = "", steady: bool = False
) -> Callable[[Compute], Compute]:
    """Declare a feature that every candidate has when the data offers what it needs."""

    def add(compute: Compute) -> Compute:
        FEATURES.append(Feature(name, meaning, needs, compute, because, steady))
        return compute

    return add


@dataclass(frozen=True)
class Block:
    """A block of users' candidates beside what is known; shared pieces are computed once."""

    found: Candidates
    known: Knowledge

    @property
    def owners(self) -> Rows:
        """Which user of the block (C,)."""
        return self.found.pairs.owners

    @property
    def items(self) -> Rows:
        """Item rows (C,)."""
        return self.found.pairs.items

    @cached_property
    def as_of(self) -> Times:
        """The user's moment (C,) ms."""
        return self.found.users.as_of[self.owners]

    @cached_property
    def ranks(self) -> Scores:
        """Each source's rank of every candidate (C, S)."""
        return np.column_stack([ranks(column, self.found.pairs.borders) for column in self.found.scores.T])

    def share(self, span: int | None = None) -> Scores:
        """Log share (C,) of an item among the events of the last `span` days, or of all, before the user's moment."""
        taken, total = self._taken_before(0)
        if span:
            early, early_total = self._taken_before(span)
            taken, total = taken - early, total - early_total
        return np.log((taken + 0.5) / (total + 1.0))

    def _taken_before(self, days: int) -> tuple[Times, Times]:
        """Events (C,) of the item and of all items so many days before the user's moment; counted once."""
        if days not in self._counts:
            moments, when = self.known.moments, self.as_of - days * DAY
            self._counts[days] = moments.before(self.items, when), moments.total(when)
        return self._counts[days]

    @cached_property
    def _counts(self) -> dict[int, tuple[Times, Times]]:
        return {}

    def mean_of_history(self, values: Scores) -> Scores:
        """Mean of an item quantity (I,) over each user's history, at the candidates (C,)."""
        users = self.found.users
        mine = values[users.items]
        counted = ~np.isnan(mine)
        return owner_means(mine[counted], users.owners[counted], len(users))[self.owners]


def source_columns(block: Block) -> dict[str, Scores]:
    """Rank, reciprocal rank, z-score and proposal flag of every source, and likeness by those that know it, by name."""
    columns: dict[str, Scores] = {}
    for at, name in enumerate(block.found.names):
        rank = block.ranks[:, at]
        columns[f"{name}_rank"] = rank
        columns[f"{name}_rr"] = 1.0 / rank
        columns[f"{name}_z"] = zscores(block.found.scores[:, at], block.owners, len(block.found.users))
        columns[f"{name}_proposed"] = (~np.isnan(block.found.places[:, at])).astype(np.float32)
        if name in block.found.near:
            columns[f"{name}_near"] = block.found.near[name]
    return columns


def feature_columns(found: Candidates, known: Knowledge) -> dict[str, Scores]:
    """Every feature of a block's candidates, (C,) float32 by name, in a fixed order; missing is NaN."""
    block = Block(found, known)
    columns = source_columns(block)
    for declared in FEATURES:
        if not declared.needs or declared.needs in known.offers:
            columns[declared.name] = declared.compute(block).astype(np.float32)
    return columns


def source_of(column: str) -> str | None:
    """The source that a column of the table is about; None for a feature that is declared here."""
    source, _, what = column.rpartition("_")
    declared = any(column == one.name for one in FEATURES)
    return source if what in SOURCE_COLUMNS and not declared else None


def steady_columns(columns: Iterable[str]) -> list[str]:
    """Those columns of a table whose spread should be the same in the next window."""
    declared = {one.name for one in FEATURES if one.steady}
    return [name for name in columns if name in declared or (source_of(name) and name.endswith(STEADY_OF_SOURCES))]


AGREED = "several methods agree on it"


@feature("blend", "reciprocal-rank fusion of all sources", because=AGREED, steady=True)
def _blend(b: Block) -> Scores:
    return blend(b.ranks)


@feature("proposed_by", "how many sources proposed it", because=AGREED, steady=True)
def _proposed_by(b: Block) -> NDArray[np.floating]:
    return (~np.isnan(b.found.places)).sum(axis=1).astype(np.float32)


@feature("best_rank", "the best rank any source gives it", because=AGREED, steady=True)
def _best_rank(b: Block) -> Scores:
    return np.nanmin(np.column_stack([b.ranks, np.full(len(b.items), 1e6, np.float32)]), axis=1)


@feature("user_events", "log of the user's known interactions")
def _user_events(b: Block) -> NDArray[np.floating]:
    return np.log1p(b.found.users.counts)[b.owners]


@feature("user_mainstream", "mean log count of what the user met")
def _user_mainstream(b: Block) -> Scores:
    return b.mean_of_history(b.known.log_counts)


@feature("user_idle_days", "days since the user's last interaction", "times")
def _user_idle(b: Block) -> NDArray[np.floating]:
    users = b.found.users
    last = np.where(users.counts > 0, users.times[np.maximum(users.borders[1:] - 1, 0)] if len(users.times) else 0, -1)
    return np.where(last >= 0, (users.as_of - last) / DAY, np.nan)[b.owners]


@feature("item_share", "log of the item's share of all interactions so far", because="many people took it")
def _item_share(b: Block) -> NDArray[np.floating]:
    if "times" not in b.known.offers:
        return b.known.log_counts[b.items] - np.log1p(b.known.n_events)
    return b.share()


for _days, _when in SPANS.items():
    feature(f"item_share_{_days}d", f"the same over the last {_days} days", "times", f"many people took it {_when}")(
        partial(Block.share, span=_days)
    )


@feature(
    "item_trend",
    "log ratio of the item's share in the last 28 days to its share in the last 365",
    "times",
    "it is on the rise",
)
def _item_trend(b: Block) -> NDArray[np.floating]:
    return b.share(28) - b.share(365)


@feature(
    "item_age_days", "days from the item's first interaction to the user's moment", "times", "its age speaks for it"
)
def _item_age(b: Block) -> NDArray[np.floating]:
    first = b.known.moments.first(b.items, b.as_of)
    return np.where(first >= 0, (b.as_of - first) / DAY, np.nan)


@feature("item_idle_days", "days since anyone took the item", "times", "somebody took it just now")
def _item_idle(b: Block) -> NDArray[np.floating]:
    newest = b.known.moments.newest(b.items, b.as_of)
    return np.where(newest >= 0, (b.as_of - newest) / DAY, np.nan)


@feature(
    "item_weight",
    "mean weight of the item, drawn towards the overall mean",
    "weights",
    "those who took it liked it",
    steady=True,
)
def _item_weight(b: Block) -> Scores:
    return b.known.mean_weights[b.items]


@feature(
    "category_affinity",
    "how much of the user's history shares the item's categories, beside everyone's",
    "categories",
    "it is of a kind they like",
    steady=True,
)
def _category_affinity(b: Block) -> Scores:
    return b.known.affinity(b.found.users, b.owners, b.items)


@feature(
    "category_affinity_last",
    "the same for the user's newest ten interactions",
    "categories",
    "it is of the kind they took last",
    steady=True,
)
def _category_affinity_last(b: Block) -> Scores:
    return b.known.affinity(b.found.users.last(10), b.owners, b.items)
