"""Asking somebody new: the questions of a run by outside ids, and lists from the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Flags
from fusion.data.catalogue import Catalogue
from fusion.data.id_map import IdMap
from fusion.errors import ConfigError, DataError, UnknownName
from fusion.on_request.by_items import RankedItems
from fusion.on_request.questions import Questions

DEFAULT_QUESTIONS = 8
"""Questions that are asked unless somebody says how many: a minute of their time."""


@dataclass(frozen=True)
class Interview:
    """The questions of a run, about items that people know by name.

    Attributes:
        questions: of the run.
        item_ids: outside ids of the items.
        catalogue: what is known of them.
    """

    questions: Questions
    item_ids: IdMap
    catalogue: Catalogue

    def ask(self, n: int | None, may: Flags) -> pl.DataFrame:
        """Return the first questions.

        Args:
            n: questions; None: `DEFAULT_QUESTIONS`, or all where there are fewer.
            may: (I,) items that may be shown.

        Returns:
            As `LoadedRun.ask`.

        Raises:
            ConfigError: n is not from 1 to the number of questions.
            DataError: there are none.
        """
        items = self.questions.items
        places = np.flatnonzero(may[items])
        if not len(places):
            raise DataError(
                "there is nothing to ask: too few users like the same items, or none of these may "
                "be shown. Train with more interactions: `fusion run`"
            )
        if n is None:
            n = min(DEFAULT_QUESTIONS, len(places))
        if not 1 <= n <= len(places):
            raise ConfigError(
                f"n = {n} questions: this run can ask from 1 to {len(places)}, so take one of those"
            )
        places = places[:n]
        rows = items[places]
        known = self.catalogue.table[rows]
        return pl.DataFrame(
            {
                "place": np.arange(1, n + 1),
                "item_id": self.item_ids.texts(rows),
                "title": known["text"],
                "categories": known["categories"],
                "liked_by": self.questions.liked_by(rows),
                "explained": self.questions.explained[places],
            }
        )

    def rank(self, answers: Mapping[str, bool | None], may: Flags, k: int) -> RankedItems:
        """Rank items for somebody who answered.

        Args:
            answers: outside id of a question's item -> whether they like it; None: they do not know
                it.
            may: (I,) items that may be listed.
            k: places of the list.

        Returns:
            At most k items, none of them liked or disliked already.

        Raises:
            UnknownName: an id that no question is about.
        """
        items = self.questions.items
        row_of = dict(zip(self.item_ids.texts(items).to_list(), items.tolist(), strict=True))
        unasked = may.copy()
        likes = {}
        for item, said in answers.items():
            if item not in row_of:
                raise UnknownName("item of a question", item, row_of)
            likes[row_of[item]] = float(bool(said))
            unasked[row_of[item]] &= said is None
        return self.questions.rank(likes, unasked, k)


def read_questions(file: Path) -> Questions:
    """Read the questions of a run.

    Args:
        file: of the run folder.

    Raises:
        DataError: an older release made the run, or the file is damaged.
    """
    if not file.exists():
        raise DataError(
            f"{file.parent} has no {file.name}: an older release made this run; train anew with "
            "`fusion run`"
        )
    try:
        return Questions.read(file)
    except (OSError, ValueError, pl.exceptions.PolarsError) as damaged:
        raise DataError(
            f"{file} is damaged: {damaged}. Put it back from a backup, or train anew: `fusion run`"
        ) from damaged
