"""Why an item is in a list: who proposed it and what the ranker liked about it, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.arrange import Lists
from fusion.arrays import Rows, Scores
from fusion.candidates import Candidates
from fusion.features import FEATURES, SOURCE_COLUMNS
from fusion.fitted import Fitted
from fusion.hashing import shares
from fusion.ranker import Ranker

STRONGEST = 3
"""Contributions of the ranker that are told of a row."""
FILLED, BOOSTED, PINNED = "it is popular, and the list had run short", "a rule moves it up", "a rule puts it here"
SCHEMA = {
    "user": pl.Int32,
    "item": pl.Int32,
    "source": pl.String,
    "source_rank": pl.Int32,
    "reason": pl.String,
    "weight": pl.Float32,
}


@dataclass(frozen=True)
class Reasons:
    """Columns of the table put into words: reason k (of K) is `words[k]`, that of a source for the first S of them.

    `of_column` names the reason of each column that is one; a source's columns are one reason, and so are features
    with the same words.
    """

    sources: tuple[str, ...]
    words: tuple[str, ...]
    of_column: Mapping[str, int]

    @classmethod
    def of(cls, sources: Sequence[Fitted]) -> "Reasons":
        """The reasons of sources that propose, each with its `because`, and of every feature that has words."""
        names = tuple(source.name for source in sources if source.proposes)
        words = [source.model.because for source in sources if source.proposes]
        of_column = {f"{name}_{kind}": at for at, name in enumerate(names) for kind in SOURCE_COLUMNS}
        for declared in FEATURES:
            if declared.because:
                if declared.because not in words[len(names) :]:
                    words.append(declared.because)
                of_column[declared.name] = words.index(declared.because, len(names))
        return cls(names, tuple(words), of_column)

    def strongest(self, contributions: Scores, columns: Sequence[str]) -> Scores:
        """Contributions (n, F) to scores -> those of reasons (n, K): the three largest above 0 of a row, else NaN."""
        found = np.zeros((len(contributions), len(self.words)), np.float32)
        for at, name in enumerate(columns):
            if name in self.of_column:
                found[:, self.of_column[name]] += contributions[:, at]
        strong = np.zeros(found.shape, bool)
        np.put_along_axis(strong, np.argsort(-found, axis=1, kind="stable")[:, :STRONGEST], True, axis=1)
        return np.where(strong & (found > 0), found, np.nan).astype(np.float32)


@dataclass
class Explainer:
    """Explains the shown rows of some users, drawn by hash so that they are about `budget` rows of all.

    `users`: how many get a list; `shown`: items a list shows; `ranker`: None where something else made the lists.
    """

    reasons: Reasons
    ranker: Ranker | None
    seed: int
    budget: int
    users: int
    shown: int
    explained: int = 0
    parts: list[pl.DataFrame] = field(default_factory=list)

    def add(self, found: Candidates, columns: Mapping[str, Scores], lists: Lists, marks: Rows | None) -> None:
        """Note why the rows of a block are listed. `marks` (B, size): 2 a pin, 1 a boost, 0 neither."""
        drawn = shares(self.seed, lists.users) < self.budget / max(1, self.users * self.shown)
        self.explained += int(drawn.sum())
        owners, places = np.nonzero((lists.items[:, : self.shown] >= 0) & drawn[:, None])
        items = lists.items[owners, places]
        at = found.at(owners, items)
        proposed = np.where((at >= 0)[:, None], found.places[at], np.nan)
        rows = pl.DataFrame({"row": np.arange(len(at)), "user": lists.users[owners], "item": items})
        marked = np.zeros(len(at), np.int32) if marks is None else marks[owners, places]
        told = [self._told(proposed, self._weights(columns, at)), self._remarks(at, marked)]
        joined = pl.concat(told).join(rows, on="row", how="left")
        self.parts.append(joined.sort("row", -pl.col("weight"), "source_rank", nulls_last=True).select(*SCHEMA))

    def _weights(self, columns: Mapping[str, Scores], at: Rows) -> Scores:
        """What each reason adds to the score of the candidates `at` (n,), NaN where it is none: (n, K)."""
        found = np.full((len(at), len(self.reasons.words)), np.nan, np.float32)
        if self.ranker is not None and (at >= 0).any():
            some = {name: column[at[at >= 0]] for name, column in columns.items()}
            found[at >= 0] = self.reasons.strongest(self.ranker.contributions(some), self.ranker.columns)
        return found

    def _told(self, proposed: Scores, weights: Scores) -> pl.DataFrame:
        """One row for each source that proposed and each strongest reason."""
        ranks = np.full(weights.shape, np.nan, np.float32)
        ranks[:, : proposed.shape[1]] = proposed
        rows, which = np.nonzero(~np.isnan(ranks) | ~np.isnan(weights))
        named = pl.Series([*self.reasons.sources, *[None] * len(self.reasons.words)], dtype=pl.String)
        rank = pl.Series(ranks[rows, which]).fill_nan(None).cast(pl.Int32)
        weight = pl.Series(weights[rows, which]).fill_nan(None)
        words = pl.Series(self.reasons.words, dtype=pl.String).gather(which)
        return _frame(rows, named.gather(which), rank, words, weight)

    def _remarks(self, at: Rows, marks: Rows) -> pl.DataFrame:
        """A row for what a rule or the need to fill up put there."""
        words = np.select([marks == 2, marks == 1, at < 0], [PINNED, BOOSTED, FILLED], "")
        rows = np.flatnonzero(words != "")
        none = pl.Series([None] * len(rows))
        return _frame(rows, none.cast(pl.String), none.cast(pl.Int32), pl.Series(words[rows]), none.cast(pl.Float32))

    def write(self, folder: Path) -> None:
        """Write `why.parquet`: user, item, source, source_rank, reason, weight; one row a reason."""
        pl.concat([pl.DataFrame(schema=SCHEMA), *self.parts]).write_parquet(folder / "why.parquet")


def _frame(
    rows: NDArray[np.integer], source: pl.Series, rank: pl.Series, words: pl.Series, weight: pl.Series
) -> pl.DataFrame:
    columns = {"row": rows, "source": source, "source_rank": rank, "reason": words, "weight": weight}
    return pl.DataFrame(columns, schema_overrides={"row": pl.Int64})
