"""Explanations of listed items: the sources that proposed them, and what the ranker liked.

A row of `why.parquet` is one reason. Its gain is what the reason adds to the ranker's score, by
TreeSHAP (Lundberg et al., From Local Explanations to Global Understanding, 2020): it tells of this
ranker's score, not of the world.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.hashing import shares
from fusion.data.ranked_lists import RankedLists
from fusion.lists.business_rules.compiled_rules import BOOSTED, NOT_MOVED, PINNED
from fusion.lists.fact_words import FactWords
from fusion.lists.listed_rows import ListedRows
from fusion.lists.reasons import BACKFILLED, MOVED_UP, PUT_HERE, Reasons, applying
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.source_columns import ColumnKind, SourceColumn
from fusion.ranking.ranker import Ranker
from fusion.runs.run_folder import ListsFolder

BATCH_ROWS = 50_000
"""Rows explained together, since a tree explains many at once; their features are some 10 MiB."""
SCHEMA = {
    "user": pl.Int32,
    "item": pl.Int32,
    "source": pl.String,
    "source_rank": pl.Int32,
    "reason": pl.String,
    "gain": pl.Float32,
}


@dataclass
class Explainer:
    """Explains the shown rows of some users: whole users, sampled by hash up to a budget of rows.

    Attributes:
        reasons: in words.
        ranker: weighs them; None where another method made the lists.
        seed: of the sample.
        budget: rows to explain, about.
        users: how many get a list.
        shown: items that a list shows.
        fact_words: names the item whose fact a listed one shares; None where nobody asks.
        explained: users explained so far.
        rows: of `why.parquet`, as far as they are made.
    """

    reasons: Reasons
    ranker: Ranker | None
    seed: int
    budget: int
    users: int
    shown: int
    fact_words: FactWords | None = None
    explained: int = 0
    rows: list[pl.DataFrame] = field(default_factory=list)
    _waiting: list[ListedRows] = field(default_factory=list)

    def draws(self, users: Rows) -> Flags:
        """Draw the users (n,) to explain.

        Args:
            users: rows (n,).
        """
        # Whole users: a list of which only some rows are explained would look broken.
        share = self.budget / max(1, self.users * self.shown)
        return shares(self.seed, users) < share

    def add(
        self,
        candidates: Candidates,
        columns: Mapping[str, Scores],
        lists: RankedLists,
        marks: Rows | None,
    ) -> None:
        """Note the rows to explain of a block of users.

        Args:
            candidates: C candidates of the block.
            columns: their features (C,) by name.
            lists: finished lists (B, size) of the same users.
            marks: what put each item there (B, size), as `Rules.marks` says; None without rules.
        """
        is_sampled = self.draws(lists.users)
        self.explained += int(is_sampled.sum())
        is_shown = lists.items[:, : self.shown] >= 0
        owners, places = np.nonzero(is_shown & is_sampled[:, None])
        items = lists.items[owners, places]
        positions = candidates.positions(owners, items)
        is_candidate = positions >= 0
        candidate_positions = positions[is_candidate]
        proposed_at = np.full((len(items), candidates.places.shape[1]), np.nan, np.float32)
        proposed_at[is_candidate] = candidates.places[candidate_positions]
        no_marks = np.full(len(items), NOT_MOVED, np.int32)
        row_marks = no_marks if marks is None else marks[owners, places]
        features = {name: column[candidate_positions] for name, column in columns.items()}
        shared_with = np.zeros((len(items), 0), np.int32)
        if self.fact_words is not None:
            shared_with = self.fact_words.shared_with(candidates.users, owners, items)
        users = lists.users[owners]
        self._waiting.append(
            ListedRows(users, items, proposed_at, is_candidate, row_marks, features, shared_with)
        )
        n_waiting = sum(len(block.items) for block in self._waiting)
        if n_waiting >= BATCH_ROWS:
            self.explain_waiting()

    def take(self, part: ListsFolder, explained: int) -> None:
        """Take explanations that another process wrote.

        Args:
            part: of the lists of some users.
            explained: how many of them it explained.
        """
        self.rows.append(pl.read_parquet(part.why))
        self.explained += explained

    def write(self, folder: ListsFolder) -> None:
        """Write `why.parquet`, one row a reason, the strongest of an item first.

        Args:
            folder: that of the lists.
        """
        self.explain_waiting()
        empty = pl.DataFrame(schema=SCHEMA)
        pl.concat([empty, *self.rows], rechunk=True).write_parquet(folder.why)

    def explain_waiting(self) -> None:
        """Explain the rows that wait, all at once."""
        if not self._waiting:
            return
        rows = ListedRows.concatenate(self._waiting)
        self._waiting.clear()
        gains = self._gains(rows)
        # Rows are numbered in the order of lists, so that sorting by number keeps that order.
        reasons = pl.concat([self._reasons_of_method(rows, gains), _reasons_of_rules(rows)])
        keys = pl.DataFrame(
            {"row": np.arange(len(rows.items)), "user": rows.users, "item": rows.items}
        )
        explained = reasons.join(keys, on="row", how="left")
        ordered = explained.sort("row", -pl.col("gain"), "source_rank", nulls_last=True)
        self.rows.append(ordered.select(*SCHEMA))

    def _gains(self, rows: ListedRows) -> Scores:
        """Compute what each reason adds to each row's score (n, K), NaN where it adds nothing."""
        gains = np.full((len(rows.items), len(self.reasons.words)), np.nan, np.float32)
        if self.ranker is not None and rows.is_candidate.any():
            contributions = applying(self.ranker, rows.features)
            is_silent = np.isnan(self._source_ranks(rows)[rows.is_candidate])
            gains[rows.is_candidate] = self.reasons.strongest(
                contributions, self.ranker.columns, is_silent
            )
        return gains

    def _reasons_of_method(self, rows: ListedRows, gains: Scores) -> pl.DataFrame:
        """Make a row for each source that proposed an item and for each gain (n, K)."""
        n_sources = rows.places.shape[1]
        source_ranks = np.full(gains.shape, np.nan, np.float32)
        source_ranks[:, :n_sources] = rows.places
        row, reason = np.nonzero(~np.isnan(source_ranks) | ~np.isnan(gains))
        # The ranker weighs sources that did not propose the item too: they rank it further down.
        source_ranks[:, :n_sources] = self._source_ranks(rows)
        # Reasons beyond those of the sources are of features, and have no source.
        of_features: list[str | None] = [None] * len(self.reasons.words)
        source_names = pl.Series([*self.reasons.sources, *of_features], dtype=pl.String)
        words = pl.Series(self.reasons.words, dtype=pl.String)
        rank = pl.Series(source_ranks[row, reason]).fill_nan(None).cast(pl.Int32)
        gain = pl.Series(gains[row, reason]).fill_nan(None)
        source = source_names.gather(reason)
        text = self._with_items(words.gather(reason), row, reason, rows)
        return _reason_rows(row, source, rank, text, gain)

    def _with_items(
        self,
        words: pl.Series,
        row: NDArray[np.integer],
        reason: NDArray[np.integer],
        rows: ListedRows,
    ) -> pl.Series:
        """Name the item of the user's own in reasons (k,) that are facts shared with one."""
        if self.fact_words is None:
            return words
        texts = words.to_list()
        for number, place in self.fact_words.relation_of.items():
            for at in np.flatnonzero(reason == number):
                item = int(rows.shared_with[row[at], place])
                if item >= 0:
                    texts[at] = self.fact_words.sentence(place, item)
        return pl.Series(texts, dtype=pl.String)

    def _source_ranks(self, rows: ListedRows) -> Scores:
        """Return each source's rank of each item (n, S) among the user's candidates, NaN if silent.

        Up to the source's k it is the place at which the source proposed the item.
        """
        source_ranks = rows.places.copy()
        for index, source in enumerate(self.reasons.sources):
            among_candidates = rows.features[SourceColumn(source, ColumnKind.RANK).name]
            proposed_at = rows.places[rows.is_candidate, index]
            is_proposed = ~np.isnan(proposed_at)
            ranks = np.where(is_proposed, proposed_at, among_candidates)
            source_ranks[rows.is_candidate, index] = ranks
        return source_ranks


def _reasons_of_rules(rows: ListedRows) -> pl.DataFrame:
    """Make a row for each item that a rule put there, or that completed a list."""
    # The first that holds counts: a pinned item stands there by the pin, candidate or not.
    conditions = [rows.marks == PINNED, rows.marks == BOOSTED, ~rows.is_candidate]
    words = np.select(conditions, [PUT_HERE, MOVED_UP, BACKFILLED], "")
    row = np.flatnonzero(words != "")
    none = pl.Series([None] * len(row))
    source, rank, gain = none.cast(pl.String), none.cast(pl.Int32), none.cast(pl.Float32)
    return _reason_rows(row, source, rank, pl.Series(words[row]), gain)


def _reason_rows(
    row: NDArray[np.integer], source: pl.Series, rank: pl.Series, words: pl.Series, gain: pl.Series
) -> pl.DataFrame:
    columns = {"row": row, "source": source, "source_rank": rank, "reason": words, "gain": gain}
    return pl.DataFrame(columns, schema_overrides={"row": pl.Int64})
