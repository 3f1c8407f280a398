"""What a run does not know, counted by hand."""

import polars as pl
import pytest

from fusion.watching.since_training import KnownToRun, measure_since_training


def ids(*numbers: int) -> pl.Series:
    return pl.Series("id", numbers, dtype=pl.UInt64)


def events(*rows: tuple[int | None, int | None, int]) -> pl.DataFrame:
    schema = {"user": pl.UInt64, "item": pl.UInt64, "time": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


LOG = events((1, 10, 0), (1, 11, 5), (2, 10, 9), (1, 12, 10), (3, 10, 11), (3, 12, 12), (2, 11, 13))


def test_events_from_its_end_on_are_new_to_it():
    known = KnownToRun(10, ids(1, 2), ids(10, 11), ids(10, 11, 99))
    since = measure_since_training(LOG, known, ids(10, 12, 13))
    assert (since.new_events, since.known_events) == (4, 3)
    # Two of four events are by user 3, and two on item 12.
    assert (since.users_without_list, since.unknown_items) == (0.5, 0.5)
    # Of its file 11 and 99 are gone, and the file of now has 12 and 13 beside 10.
    assert (since.items_known, since.items_gone, since.items_arrived) == (2, 2, 2)
    assert since.turnover == 2.0


def test_without_an_items_file_items_arrive_by_their_events():
    since = measure_since_training(LOG, KnownToRun(10, ids(1), ids(10, 11)))
    assert (since.items_arrived, since.items_gone, since.turnover) == (1, None, 0.5)


def test_without_its_folder_nothing_is_said_of_items():
    since = measure_since_training(LOG, KnownToRun(10, ids(1)), ids(10))
    assert since.users_without_list == 0.75
    assert (since.unknown_items, since.items_known, since.turnover) == (None, None, None)


@pytest.mark.parametrize("log", [events(), LOG])
def test_without_new_events_there_is_no_share(log):
    since = measure_since_training(log, KnownToRun(99, ids(1), ids(10, 11, 12)))
    assert (since.new_events, since.known_events) == (0, len(log))
    assert (since.users_without_list, since.unknown_items, since.turnover) == (None, None, 0.0)


def test_cells_that_are_missing_count_for_nobody():
    log = events((None, 10, 0), (1, None, 1), (2, 10, 2))
    since = measure_since_training(log, KnownToRun(0, ids(1), ids(10)))
    assert (since.new_events, since.users_without_list, since.unknown_items) == (3, 0.5, 0.0)
