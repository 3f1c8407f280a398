"""Why an item is in a list: who proposed it and what the ranker liked about it, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.hashing import shares
from fusion.data.ranked_lists import RankedLists
from fusion.models.base.fitted import FittedSource
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.registry import FEATURES
from fusion.ranking.features.source_columns import ColumnKind, SourceColumn
from fusion.ranking.ranker import Ranker
from fusion.runs.run_folder import ListsFolder

STRONGEST = 3
"""Contributions of the ranker that are told of a row."""
AT_ONCE = 50_000
"""Rows that are explained together: each tree asks them all at once, and their features are some 10 MiB."""
FILLED, BOOSTED, PINNED = (
    "it is popular, and the list had run short",
    "a rule moves it up",
    "a rule puts it here",
)
SCHEMA = {
    "user": pl.Int32,
    "item": pl.Int32,
    "source": pl.String,
    "source_rank": pl.Int32,
    "reason": pl.String,
    "gain": pl.Float32,
}


@dataclass(frozen=True)
class Reasons:
    """Columns of the table put into words: reason k (of K) is `words[k]`, that of a source for the first S of them.

    `of_column` names the reason of each column that is one; a source's columns are one reason, and
    so are features with the same words.
    """

    sources: tuple[str, ...]
    words: tuple[str, ...]
    of_column: Mapping[str, int]

    @classmethod
    def of(cls, sources: Sequence[FittedSource]) -> "Reasons":
        """The reasons of sources that propose, each with its `because`, and of every feature that has words."""
        names = tuple(source.name for source in sources if source.proposes)
        words = [source.model.reason_text for source in sources if source.proposes]
        of_column = {
            SourceColumn(name, kind).name: at
            for at, name in enumerate(names)
            for kind in ColumnKind
        }
        for declared in FEATURES:
            if declared.reason_text:
                if declared.reason_text not in words[len(names) :]:
                    words.append(declared.reason_text)
                of_column[declared.name] = words.index(declared.reason_text, len(names))
        return cls(names, tuple(words), of_column)

    def strongest(self, contributions: Scores, columns: Sequence[str]) -> Scores:
        """Contributions (n, F) to scores -> those of reasons (n, K): the three largest above 0 of a row, else NaN."""
        found = np.zeros((len(contributions), len(self.words)), np.float32)
        for at, name in enumerate(columns):
            if name in self.of_column:
                found[:, self.of_column[name]] += contributions[:, at]
        strong = np.zeros(found.shape, bool)
        np.put_along_axis(
            strong, np.argsort(-found, axis=1, kind="stable")[:, :STRONGEST], True, axis=1
        )
        return np.where(strong & (found > 0), found, np.nan).astype(np.float32)


@dataclass(frozen=True)
class _Noted:
    """Rows (n,) that wait for their reasons.

    `places` (n, S): where each source put the item, NaN where it did not; `found`: which rows were
    candidates at all; `marks`: 2 a pin, 1 a boost, 0 neither; `features`: those of the rows that
    were found.
    """

    users: Rows
    items: Rows
    places: Scores
    found: Flags
    marks: Rows
    features: Mapping[str, Scores]


@dataclass
class Explainer:
    """Explains the shown rows of some users, drawn by hash so that they are about `budget` rows of all.

    `users`: how many get a list; `shown`: items a list shows; `ranker`: None where something else
    made the lists.
    """

    reasons: Reasons
    ranker: Ranker | None
    seed: int
    budget: int
    users: int
    shown: int
    explained: int = 0
    noted: list[_Noted] = field(default_factory=list)
    parts: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self,
        found: Candidates,
        columns: Mapping[str, Scores],
        lists: RankedLists,
        marks: Rows | None,
    ) -> None:
        """Note why the rows of a block are listed. `marks` (B, size): 2 a pin, 1 a boost, 0 neither."""
        drawn = shares(self.seed, lists.users) < self.budget / max(1, self.users * self.shown)
        self.explained += int(drawn.sum())
        owners, places = np.nonzero((lists.items[:, : self.shown] >= 0) & drawn[:, None])
        items = lists.items[owners, places]
        at = found.positions(owners, items)
        known = at >= 0
        put = np.full((len(at), found.places.shape[1]), np.nan, np.float32)
        put[known] = found.places[at[known]]
        marked = np.zeros(len(at), np.int32) if marks is None else marks[owners, places]
        features = {name: column[at[known]] for name, column in columns.items()}
        self.noted.append(_Noted(lists.users[owners], items, put, known, marked, features))
        if sum(len(each.items) for each in self.noted) >= AT_ONCE:
            self._explain()

    def write(self, folder: ListsFolder) -> None:
        """Write `why.parquet`: user, item, source, source_rank, reason, gain; one row a reason."""
        self._explain()
        pl.concat([pl.DataFrame(schema=SCHEMA), *self.parts]).write_parquet(folder.why)

    def _explain(self) -> None:
        """Explain what is noted, all at once."""
        if not self.noted:
            return
        users, items, places, found, marks = (
            np.concatenate([getattr(each, name) for each in self.noted])
            for name in ("users", "items", "places", "found", "marks")
        )
        names = self.noted[0].features
        features = {
            name: np.concatenate([each.features[name] for each in self.noted]) for name in names
        }
        rows = pl.DataFrame({"row": np.arange(len(items)), "user": users, "item": items})
        told = [self._told(places, self._weights(features, found)), self._remarks(found, marks)]
        joined = pl.concat(told).join(rows, on="row", how="left")
        self.parts.append(
            joined.sort("row", -pl.col("gain"), "source_rank", nulls_last=True).select(*SCHEMA)
        )
        self.noted.clear()

    def _weights(self, features: dict[str, Scores], found: Flags) -> Scores:
        """What each reason adds to the scores of the rows (n,) that were found, NaN where it is none: (n, K)."""
        weights = np.full((len(found), len(self.reasons.words)), np.nan, np.float32)
        if self.ranker is not None and found.any():
            added = self.ranker.contributions(features)
            weights[found] = self.reasons.strongest(added, self.ranker.columns)
        return weights

    def _told(self, proposed: Scores, weights: Scores) -> pl.DataFrame:
        """One row for each source that proposed and each strongest reason."""
        ranks = np.full(weights.shape, np.nan, np.float32)
        ranks[:, : proposed.shape[1]] = proposed
        rows, which = np.nonzero(~np.isnan(ranks) | ~np.isnan(weights))
        named = pl.Series(
            [*self.reasons.sources, *[None] * len(self.reasons.words)], dtype=pl.String
        )
        rank = pl.Series(ranks[rows, which]).fill_nan(None).cast(pl.Int32)
        weight = pl.Series(weights[rows, which]).fill_nan(None)
        words = pl.Series(self.reasons.words, dtype=pl.String).gather(which)
        return _frame(rows, named.gather(which), rank, words, weight)

    def _remarks(self, found: Flags, marks: Rows) -> pl.DataFrame:
        """A row for what a rule or the need to fill up put there."""
        words = np.select([marks == 2, marks == 1, ~found], [PINNED, BOOSTED, FILLED], "")
        rows = np.flatnonzero(words != "")
        none = pl.Series([None] * len(rows))
        return _frame(
            rows,
            none.cast(pl.String),
            none.cast(pl.Int32),
            pl.Series(words[rows]),
            none.cast(pl.Float32),
        )


def _frame(
    rows: NDArray[np.integer],
    source: pl.Series,
    rank: pl.Series,
    words: pl.Series,
    weight: pl.Series,
) -> pl.DataFrame:
    columns = {
        "row": rows,
        "source": source,
        "source_rank": rank,
        "reason": words,
        "gain": weight,
    }
    return pl.DataFrame(columns, schema_overrides={"row": pl.Int64})
