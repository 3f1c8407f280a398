"""Figures: planted answers, and what may never change one."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from benchmarks.watching.watched_shop import (
    WEEKS,
    Watching,
    as_read,
    at,
    small_world,
    until,
    with_events,
)
from fusion.watching.calendar import Span, closed_spans
from fusion.watching.figures import event_figures as figures
from fusion.watching.figures.event_figures import WindowEvents, measure_events
from fusion.watching.figures.known_ids import SAMPLE, compare, sample_limits
from fusion.watching.figures.measuring import measure_days, measure_windows
from fusion.watching.figures.taste import TASTE
from fusion.watching.past import Layout
from fusion.watching.reading.id_hashes import IdHasher

HOUR = 3_600_000


def window(rows, first=None) -> WindowEvents:
    events = pl.DataFrame(
        rows,
        schema={
            "user": pl.UInt64,
            "item": pl.UInt64,
            "time": pl.Int64,
            "weight": pl.Float32,
            "liked": pl.Boolean,
        },
        orient="row",
    )
    own = {
        column: events.group_by(column).agg(pl.col("time").min().alias("first"))
        for column in ("user", "item")
    }
    return WindowEvents(events, 0, "UTC", 7, first or own, True, True)


def test_planted_answers():
    rows = [
        (1, 1, 0, 2.0, True),
        (1, 1, 0, 2.0, True),
        (1, 2, 9 * HOUR, 4.0, False),
        (2, 2, 30 * HOUR, None, None),
    ]
    numbers = pl.Series([1, 2], dtype=pl.UInt64)
    before = {
        "user": pl.DataFrame({"user": numbers, "first": [-5, 30]}),
        "item": pl.DataFrame({"item": numbers, "first": [-5, -5]}),
    }
    measured = {figure: one for figure, one in measure_events(window(rows, before)).items()}
    values = {figure: one.value for figure, one in measured.items()}
    assert values[figures.ROWS] == 4
    assert values[figures.ACTIVE_USERS] == 2
    assert values[figures.REPEATED] == 0.25
    assert values[figures.UNREADABLE] == 0.25
    assert values[figures.NEW_USERS] == 0.5
    assert values[figures.NEW_ITEMS] == 0.0
    assert values[figures.HEAVIEST_USER] == 0.75
    assert values[figures.TOP_ITEMS] == 1.0
    assert values[figures.MEAN_WEIGHT] == pytest.approx(8 / 3)
    assert values[figures.COMMONEST_WEIGHT] == pytest.approx(2 / 3)
    assert values[figures.LIKED] == pytest.approx(2 / 3)
    assert values[figures.EMPTIEST_DAY] == 0.0
    assert measured[figures.HOURS].counts == {"0": 2, "6": 1, "9": 1}


def test_days_and_windows_end_at_midnight_of_the_zone_also_when_clocks_change():
    spans = closed_spans(
        at(0).replace(year=2026, month=4, day=2), 7, "Europe/Berlin", date(2026, 1, 1), 2
    )
    assert [span.first for span in spans] == [date(2026, 3, 19), date(2026, 3, 26)]
    # The week of 29 March has an hour less.
    assert spans[1].end - spans[1].start == 7 * 24 * HOUR - HOUR
    assert spans[0].end == spans[1].start


def test_windows_that_closed_stay_closed():
    layout = Layout.first(at(10), 7, "UTC")
    firsts = [span.first for span in layout.spans("window", at(10))]
    assert [span.first for span in layout.spans("window", at(10.9))] == firsts
    assert [span.first for span in layout.spans("window", at(11))][:-1] == firsts[1:]


@pytest.fixture(scope="module")
def watching():
    return Watching.begin(small_world())


def figures_of(data) -> dict:
    layout = Layout.first(at(WEEKS), 7, "UTC")
    windows = layout.spans("window", at(WEEKS))[-2:]
    days = layout.spans("day", at(WEEKS))[-3:]
    return measure_windows(data, windows) | measure_days(data.log, days)


def test_the_order_of_rows_changes_no_figure(watching):
    world = until(watching.world, WEEKS)
    shuffled = with_events(world, world.events.sample(fraction=1.0, shuffle=True, seed=1))
    assert figures_of(as_read(shuffled, watching.data.edges)) == figures_of(watching.data)


def test_other_names_for_the_same_ids_change_no_figure(watching):
    world = until(watching.world, WEEKS)
    user, item = ("n" + pl.col(name) for name in ("user", "item"))
    renamed = type(world)(
        world.events.with_columns(user.alias("user"), item.alias("item")),
        world.users.with_columns(user.alias("user")),
        world.items.with_columns(item.alias("item")),
    )
    assert figures_of(as_read(renamed, watching.data.edges)) == figures_of(watching.data)


def test_the_last_bits_of_numbers_change_no_figure(watching):
    world = until(watching.world, WEEKS)
    items = world.items.with_columns(pl.col("price") + 1e-9)
    nudged = type(world)(world.events, world.users, items)
    assert figures_of(as_read(nudged, watching.data.edges)) == figures_of(watching.data)


def test_a_past_that_is_longer_changes_no_figure_but_newcomers_and_taste(watching):
    """No figure is a lifetime count."""
    world = until(watching.world, WEEKS)
    half = with_events(
        world, world.events.filter(pl.col("time") > world.events["time"][0] + 20 * 7 * 24 * HOUR)
    )
    whole, cut = figures_of(watching.data), figures_of(as_read(half, watching.data.edges))
    with_past = {figures.NEW_USERS, figures.NEW_ITEMS, TASTE}
    for start, measured in whole.items():
        assert {f: m for f, m in measured.items() if f not in with_past} == {
            f: m for f, m in cut[start].items() if f not in with_past
        }


def test_a_sample_compared_with_itself_shows_nothing(watching):
    assert all(one.value == 0.0 for one in compare(watching.known, watching.known).values())


def test_a_sample_is_as_large_as_it_may_be():
    n_users = 40_000
    users = pl.Series("user", np.random.default_rng(1).integers(0, 2**63, n_users, dtype=np.uint64))
    events = pl.DataFrame({"user": users, "item": users})
    limits = sample_limits(events, [])
    n_sampled = int((users.to_numpy() < limits["users"]).sum())
    # Half of all hashes are below 2**63 here, so that the share is twice that of all.
    assert SAMPLE["users"] / 2 < n_sampled / 2 <= SAMPLE["users"]
    assert sample_limits(events.head(10), [])["users"] == 2**64


def test_hashes_are_the_same_in_every_batch_and_process():
    hasher = IdHasher()
    first = hasher.of(pl.Series("id", ["u1", None, "u2"]))
    assert first.to_list() == IdHasher().of(pl.Series("id", ["u1", None, "u2"])).to_list()
    assert hasher.of(pl.Series("id", ["u2"]))[0] == first[2]
    assert first[0] == 15378189911849802130
    left_out = IdHasher(lambda ids: ids.replace("u2", None))
    assert left_out.of(pl.Series("id", ["u1", "u2"])).to_list() == [first[0], None]


def test_a_span_knows_its_ends():
    span = Span(date(2026, 1, 1), 7, "UTC")
    assert (span.end - span.start, span.after) == (7 * 24 * HOUR, date(2026, 1, 8))
