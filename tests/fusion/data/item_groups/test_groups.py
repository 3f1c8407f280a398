"""Groups of items: categories, head, middle and tail by events of a window, and what is new."""

import numpy as np
import polars as pl
import pytest

from fusion.data.item_groups.groups import (
    EVERYWHERE,
    HEAD,
    MIDDLE,
    NEW,
    TAIL,
    item_groups,
    items_of_groups,
)
from tests.fusion.making import dataset, frame_of

ITEMS = pl.DataFrame(
    {"id": ["a", "b", "c", "d"], "kind": [["x"], ["x", "y"], ["y"], None]},
    schema_overrides={"kind": pl.List(pl.String)},
)
EVENTS = [("u", "a", 1), ("u", "b", 40), ("v", "b", 41), ("v", "c", 42), ("w", "b", 42)]


@pytest.fixture
def known():
    return dataset(frame_of(EVENTS), ITEMS)


def items_of(groups, name, known) -> set[str]:
    rows = np.flatnonzero(groups.members[:, [groups.names.index(name)]].toarray()[:, 0])
    return set(known.item_ids.texts(rows.astype(np.int32)))


def test_groups_are_categories_popularity_and_what_is_new(known):
    groups = item_groups(known, window=28)
    assert groups.names == ("kind=y", "kind=x", HEAD, MIDDLE, TAIL, NEW)
    assert (groups.days, int(groups.recent.sum())) == (28, 4)
    assert items_of(groups, "kind=x", known) == {"a", "b"}
    # b took three of the four events; what nobody took in the window is of the tail.
    assert items_of(groups, HEAD, known) == {"b"}
    assert items_of(groups, MIDDLE, known) == {"c"}
    assert items_of(groups, TAIL, known) == {"a", "d"}
    assert items_of(groups, NEW, known) == {"b", "c", "d"}


def test_without_a_window_all_events_count_and_new_is_what_nobody_took(known):
    groups = item_groups(known, window=None)
    assert groups.days is None
    assert groups.recent.all()
    assert items_of(groups, NEW, known) == {"d"}


def test_a_short_window_is_four_weeks(known):
    assert item_groups(known, window=1).days == 28
    assert item_groups(known, window=91).days == 91


@pytest.mark.parametrize("window", [28, None])
def test_items_of_a_group_are_those_that_the_report_measures(known, window):
    groups = item_groups(known, window)
    for name in EVERYWHERE:
        marks = items_of_groups([name], known, window)
        assert set(known.item_ids.texts(np.flatnonzero(marks))) == items_of(groups, name, known)
    both = items_of_groups([HEAD, TAIL], known, window)
    either = items_of(groups, HEAD, known) | items_of(groups, TAIL, known)
    assert set(known.item_ids.texts(np.flatnonzero(both))) == either
