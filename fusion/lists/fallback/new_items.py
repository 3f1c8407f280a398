"""Items that nobody has taken yet, in the order in which a list shows them."""

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Rows, Scores, Times, center_rows, normalize_rows
from fusion.data.categories import all_categories
from fusion.data.dataset import Dataset
from fusion.models.text.encoders import encode

Content: TypeAlias = Scores | csr_array
"""Vectors (n, d) of items by one kind of content, of length 1, or 0 where an item has none."""
MAX_COMPARED = 10_000
"""New items whose content is compared: a list shows the first few, and texts take time."""
N_TAKEN = 500
"""Most taken items whose content stands for what people take."""


@dataclass(frozen=True)
class NewItems:
    """Items without interactions that may be listed, newest first.

    Attributes:
        rows: the items (n,), by `begins`, and then as in the items' table.
        begins: when each became available (n,) ms, latest first; 0 where that is not known.
        taken: the most taken items (m,), whose content is known too.
        contents: vectors by each kind of content, of the first MAX_COMPARED of `rows` (all where
            there are fewer) and then of `taken`.
    """

    rows: Rows
    begins: Times
    taken: Rows
    contents: tuple[Content, ...]

    @classmethod
    def of(cls, known: Dataset, eligible: Flags) -> Self:
        """Find the new items of a data set.

        Args:
            known: interactions, and the items' table.
            eligible: items that may be listed (I,).

        Returns:
            Its new items, with the content that orders those of one date.
        """
        rows = np.flatnonzero(eligible & (known.item_counts == 0)).astype(np.int32)
        begins = _begins(known)[rows]
        order = np.argsort(-begins, kind="stable")
        rows, begins = rows[order], begins[order]
        most_taken = np.argsort(-known.item_counts, kind="stable")[:N_TAKEN]
        taken = most_taken[known.item_counts[most_taken] > 0].astype(np.int32)
        contents = _contents(known, np.append(rows[:MAX_COMPARED], taken)) if len(rows) else ()
        return cls(rows, begins, taken, contents)

    def ordered(self, counts: NDArray[np.floating] | Rows) -> Rows:
        """Order the new items for some users.

        Args:
            counts: how much they take of each item (I,), NaN for nothing.

        Returns:
            Item rows (n,): the newest first; of one date those whose text and categories are
            nearest to what the users take; of those alike the first in the items' table.
        """
        similarity = np.zeros(len(self.rows), np.float32)
        n_compared = min(len(self.rows), MAX_COMPARED)
        weights = np.nan_to_num(counts[self.taken]).astype(np.float32)
        for vectors in self.contents:
            taste = normalize_rows(weights[None] @ vectors[n_compared:])[0]
            similarity[:n_compared] += vectors[:n_compared] @ taste
        # `lexsort` reads its keys from the last, and keeps the order of what is equal.
        return self.rows[np.lexsort((-similarity, -self.begins))]


def _begins(known: Dataset) -> Times:
    """Return when each item (I,) became available, ms; 0 where that is not known."""
    if "available_from" not in known.item_table.columns:
        return np.zeros(known.n_items, np.int64)
    return known.item_table["available_from"].fill_null(0).to_numpy()


def _contents(known: Dataset, items: Rows) -> tuple[Content, ...]:
    """Describe items (n,) by each kind of content that the data has."""
    table = known.item_table
    contents: list[Content] = []
    categories = all_categories(table[items], by_name=True) if table.columns else None
    if categories is not None:
        lengths = np.sqrt(np.maximum(np.diff(categories.indptr), 1))
        contents.append(csr_array(categories / lengths[:, None].astype(np.float32)))
    if "text" in table.columns:
        texts = table["text"].gather(items).fill_null("").str.strip_chars()
        # No sentence model: it would encode all these texts for the sake of one order.
        vectors, _ = encode(texts.to_list(), "tfidf")
        vectors = center_rows(vectors)
        vectors[(texts == "").to_numpy()] = 0
        contents.append(vectors)
    return tuple(contents)
