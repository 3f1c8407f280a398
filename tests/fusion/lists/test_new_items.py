"""Items that nobody has taken: the newest first, then what is nearest, then as in the table."""

import numpy as np
import polars as pl
import pytest

from fusion.core.arrays import DAY
from fusion.lists.fallback.new_items import MAX_COMPARED, NewItems
from tests.fusion.making import START, dataset, frame_of

GENRES = ["jazz", "noir", "jazz", "noir", "jazz", "noir"]
TEXTS = ["trumpet and drums", "rain and a gun", "drums and bass", "a gun at night", "", "rain"]


def new_items(**columns):
    """Six items; i0 (jazz) and i1 (noir) have been taken, i2 to i5 by nobody."""
    table = pl.DataFrame({"id": [f"i{n}" for n in range(6)], **columns})
    rows = [("a", "i0", 1), ("b", "i0", 2), ("b", "i1", 3)]
    data = dataset(frame_of(rows), table)
    return data, NewItems.of(data, np.ones(data.n_items, bool))


def names(data, rows):
    return data.item_ids.texts(rows).to_list()


@pytest.mark.parametrize(("taken", "first"), [([3, 1], ["i2", "i4"]), ([0, 1], ["i3", "i5"])])
def test_what_is_nearest_in_category_comes_first(taken, first):
    data, new = new_items(genre=[[genre] for genre in GENRES])
    counts = np.array([*taken, *[np.nan] * 4])
    assert names(data, new.ordered(counts))[:2] == first


def test_what_is_nearest_in_text_comes_first():
    data, new = new_items(text=TEXTS)
    of_jazz = names(data, new.ordered(np.array([1.0, 0, 0, 0, 0, 0])))
    of_noir = names(data, new.ordered(np.array([0, 1.0, 0, 0, 0, 0])))
    assert (of_jazz[0], of_noir[0]) == ("i2", "i5")


def test_the_newest_come_first_and_those_without_a_date_last():
    begins = [None, None, START, START + DAY, None, START + DAY]
    data, new = new_items(
        genre=[[genre] for genre in GENRES[:5]] + [["jazz"]],
        available_from=pl.Series(begins, dtype=pl.Int64),
    )
    # i3 and i5 are of one day: i5 is jazz, which they take.
    assert names(data, new.ordered(np.array([1.0, 0, 0, 0, 0, 0]))) == ["i5", "i3", "i2", "i4"]


def test_without_content_and_dates_the_table_gives_the_order():
    data, new = new_items()
    assert names(data, new.ordered(data.item_counts)) == ["i2", "i3", "i4", "i5"]


def test_only_what_may_be_listed_and_was_never_taken():
    data, _ = new_items()
    eligible = np.array([True, True, False, True, True, False])
    assert names(data, NewItems.of(data, eligible).ordered(data.item_counts)) == ["i3", "i4"]
    nothing = NewItems.of(data, np.zeros(6, bool)).ordered(data.item_counts)
    assert len(nothing) == 0


def test_beyond_what_is_compared_the_table_gives_the_order(monkeypatch):
    monkeypatch.setattr("fusion.lists.fallback.new_items.MAX_COMPARED", 2)
    data, new = new_items(genre=[[genre] for genre in GENRES])
    assert names(data, new.ordered(np.array([0, 1.0, 0, 0, 0, 0]))) == ["i3", "i2", "i4", "i5"]
    assert MAX_COMPARED > 2
