"""A run that is loaded to answer requests."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Flags, Rows
from fusion.data.catalogue import Catalogue
from fusion.data.id_map import IdMap
from fusion.errors import ConfigError, DataError, UnknownName
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource
from fusion.on_request.by_items import RankedItems, history_of, rank_by_items
from fusion.on_request.by_text import TextIndex
from fusion.on_request.co_likes import CoLikes
from fusion.on_request.interview import Interview, read_questions
from fusion.on_request.questions import Questions
from fusion.on_request.serving_fits import load_serving_fits
from fusion.runs.cleanup import VECTORS
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import read_manifest
from fusion.runs.run_folder import RunFolder

STORE = "store"
"""Folder of the stages, beside the run folders."""
NEAREST = 1000
"""Ids with which an unknown one is compared, to name the nearest."""


@dataclass(frozen=True)
class LoadedRun:
    """A run that answers for somebody who is new.

    What is loaded stays, so that a second request costs the scoring alone.

    Attributes:
        item_ids: outside ids of the items.
        catalogue: what is known of them.
        manifest: of the run.
        store: folder of the stages, with the fits that serve.
        find_questions: gives what somebody new may be asked.
        find_co_likes: gives which items the same users like.
    """

    item_ids: IdMap
    catalogue: Catalogue
    manifest: Manifest
    store: Path
    find_questions: Callable[[], Questions]
    find_co_likes: Callable[[], CoLikes]

    def by_items(self, items: Sequence[str], k: int, without: Collection[str] = ()) -> pl.DataFrame:
        """Return a list for somebody who likes some items.

        It is what users who like them like besides; where few like any, sources fold them in.

        Args:
            items: outside ids, the newest last.
            k: places of the list.
            without: outside ids of items that may not be listed, such as blocked ones.

        Returns:
            rank from 1, item_id, score (of "co_likes" the share of such users who like the item, as
            estimated), source ("co_likes", or the source that ranks the item best).

        Raises:
            ConfigError: no items, or k is no number of places.
            UnknownName: an id that the run does not know.
            DataError: the file of likes is damaged, or sources are needed and none can be loaded.
        """
        _require_places(k)
        if not items:
            raise ConfigError("no items are given: name at least one that the user likes")
        rows = self._rows_of(items)
        may = self._listable(without)
        ranked = self._co_likes.rank(rows, may, k)
        if len(ranked.items) < k and (self._sources or not len(ranked.items)):
            ranked = self._fold_in(rows, may, k)
        return self._frame(ranked)

    def _fold_in(self, rows: Rows, may: Flags, k: int) -> RankedItems:
        if not self._sources:
            raise DataError(
                "none of the fits that serve is in the store: train anew with `fusion run`"
            )
        weight = self.manifest.data.liked_weight
        user = history_of(rows, self._as_of, weight, len(self.catalogue))
        return rank_by_items(self._sources, user, Allowed(may), k)

    def by_text(self, text: str, k: int, without: Collection[str] = ()) -> pl.DataFrame:
        """Return a list for a sentence that says what somebody would like.

        Args:
            text: the sentence.
            k: places of the list.
            without: as in `by_items`.

        Returns:
            rank from 1, item_id, score.

        Raises:
            ConfigError: the sentence is empty, or k is no number of places.
            DataError: no item of the run has a text or a category.
        """
        _require_places(k)
        if not text.strip():
            raise ConfigError("the text is empty: say in a sentence what the user would like")
        if not len(self.catalogue.descriptions[0]):
            raise DataError(
                "no item of the run has a text or a category to compare a sentence with: name such "
                "columns in [data.item_features], and train: `fusion run`"
            )
        ranked = self._index.rank(text.strip(), self._listable(without), k)
        return self._frame(ranked).drop("source")

    def ask(self, n: int | None = None, without: Collection[str] = ()) -> pl.DataFrame:
        """Return the items whose answers tell most of somebody new: "do you like this?".

        Args:
            n: questions; None: 8, or all where there are fewer.
            without: as in `by_items`.

        Returns:
            place from 1, item_id, title, categories, liked_by (share of users who like the item),
            explained (share of the variance of all likes that the answers so far explain).

        Raises:
            ConfigError: n is not from 1 to the number of questions that the run has.
            DataError: it has none.
        """
        return self._interview.ask(n, self._listable(without))

    def by_answers(
        self, answers: Mapping[str, bool | None], k: int, without: Collection[str] = ()
    ) -> pl.DataFrame:
        """Return a list for somebody who answered questions.

        Args:
            answers: outside id of an item of `ask` -> whether they like it; None: they do not know
                it. Without any, the list is what most users like.
            k: places of the list.
            without: as in `by_items`.

        Returns:
            rank from 1, item_id, score: the share of such users who like the item, as estimated.

        Raises:
            ConfigError: k is no number of places.
            UnknownName: an id that no question is about.
            DataError: the run has no questions.
        """
        _require_places(k)
        return self._frame(self._interview.rank(answers, self._listable(without), k)).drop("source")

    @cached_property
    def _interview(self) -> Interview:
        return Interview(self.find_questions(), self.item_ids, self.catalogue)

    @cached_property
    def _co_likes(self) -> CoLikes:
        return self.find_co_likes()

    @cached_property
    def _sources(self) -> list[FittedSource]:
        return load_serving_fits(self.manifest.fits, self.store)

    @cached_property
    def _index(self) -> TextIndex:
        settings = [row.settings for row in self.manifest.fits if "encoder" in row.settings]
        encoder = str(settings[0]["encoder"]) if settings else "auto"
        return TextIndex(self.catalogue, encoder, self.store / VECTORS)

    @property
    def _as_of(self) -> int:
        """The moment of the run, ms: of what sources know, nothing came after it."""
        stored = self.manifest.as_of
        return 0 if stored is None else int(datetime.fromisoformat(stored).timestamp() * 1000)

    def _listable(self, without: Collection[str]) -> Flags:
        """Mark the items (I,) that may be listed now."""
        may = self.catalogue.listable(int(datetime.now(UTC).timestamp() * 1000))
        hidden = self.item_ids.rows(pl.Series("id", list(without), dtype=pl.String))
        may[hidden[hidden >= 0]] = False
        return may

    def _rows_of(self, items: Sequence[str]) -> Rows:
        rows = self.item_ids.rows(pl.Series("id", list(items), dtype=pl.String))
        for item, row in zip(items, rows, strict=True):
            if row < 0:
                raise UnknownName("item", item, self.item_ids.values.head(NEAREST))
        return rows

    def _frame(self, ranked: RankedItems) -> pl.DataFrame:
        sources: list[str | None] = [*ranked.sources]
        sources += [None] * (len(ranked.items) - len(sources))
        return pl.DataFrame(
            {
                "rank": np.arange(1, len(ranked.items) + 1),
                "item_id": self.item_ids.texts(ranked.items),
                "score": ranked.scores,
                "source": pl.Series(sources, dtype=pl.String),
            }
        )


def load_run(folder: Path) -> LoadedRun:
    """Load a run to answer requests with.

    Args:
        folder: of the run, `<artifacts>/<run id>`; its fits stand in the store beside it.

    Returns:
        The run; fits and texts are loaded when they are first asked for.

    Raises:
        DataError: it is no folder of a run, is damaged, or was made by an older release.
    """
    run = RunFolder(folder)
    if not run.manifest.exists():
        raise DataError(
            f"{folder} is no folder of a run: it has no {run.manifest.name}. Name one under the "
            "folder of artifacts, or put it back from a backup"
        )
    manifest = Manifest.of(read_manifest(folder))
    if not run.catalogue.exists():
        raise DataError(
            f"{folder} has no {run.catalogue.name}: an older release made this run; train anew "
            "with `fusion run`"
        )
    try:
        item_ids = IdMap(pl.read_parquet(run.item_ids)["item_id"])
        catalogue = Catalogue.read(run.catalogue)
    except (OSError, pl.exceptions.PolarsError) as damaged:
        raise DataError(
            f"run folder {folder} is damaged: {damaged}. Put it back from a backup, or train anew: "
            "`fusion run`"
        ) from damaged
    questions = partial(read_questions, run.questions)
    co_likes = partial(CoLikes.read, run.co_likes)
    return LoadedRun(item_ids, catalogue, manifest, folder.parent / STORE, questions, co_likes)


def _require_places(k: int) -> None:
    if k < 1:
        raise ConfigError(f"k = {k} is no number of places; take 1 or more")
