"""Balance against a slow count, pair by pair."""

import numpy as np
import polars as pl
import pytest

from fusion.data.balance import MOST_VALUES, NONE, REST, Coverage, measure_balance
from fusion.data.dataset import Dataset
from fusion.data.facts import SCHEMA, ItemFacts
from fusion.data.id_map import IdMap
from fusion.data.queries.user_queries import UserQueries
from tests.fusion.making import START, dataset, frame_of, replaced

N_USERS, N_ITEMS, N_EVENTS = 30, 50, 400


def ids(n: int) -> IdMap:
    return IdMap(pl.Series("id", [str(at) for at in range(n)]))


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Twenty genres, some items with two and some with none; the last ten items without events."""
    chance = np.random.default_rng(1)
    genres = [
        [f"g{at % 20}", f"g{at % 20}", f"g{at % 7}"] if at % 9 else [] for at in range(N_ITEMS)
    ]
    countries = [None if at % 10 == 0 else "FR" if at % 2 else "DE" for at in range(N_USERS)]
    return Dataset(
        ids(N_USERS),
        ids(N_ITEMS),
        chance.integers(0, N_USERS, N_EVENTS).astype(np.int32),
        (chance.random(N_EVENTS) ** 2 * (N_ITEMS - 10)).astype(np.int32),
        np.arange(N_EVENTS),
        np.ones(N_EVENTS, np.float32),
        chance.random(N_EVENTS) < 0.3,
        N_EVENTS,
        item_table=pl.DataFrame({"genres": genres}, schema={"genres": pl.List(pl.String)}),
        user_table=pl.DataFrame({"country": countries, "age": range(N_USERS)}),
    )


def groups(balance, by):
    return {one.group: one for one in balance.groups if one.by == by}


def test_totals_are_those_of_a_slow_count(data):
    balance = measure_balance(data)
    pairs = {(int(user), int(item)) for user, item in zip(data.users, data.items, strict=True)}
    users, items = {user for user, _ in pairs}, {item for _, item in pairs}
    assert (balance.users, balance.items, balance.events) == (len(users), len(items), N_EVENTS)
    assert balance.density == pytest.approx(len(pairs) / (len(users) * len(items)))
    assert balance.liked == pytest.approx(sum(map(bool, data.liked)) / N_EVENTS)
    descending = sorted((list(data.items).count(item) for item in items), reverse=True)
    assert balance.head == pytest.approx(descending[0] / N_EVENTS)
    assert balance.tail == pytest.approx(sum(descending[-(len(items) // 2) :]) / N_EVENTS)


def test_each_group_holds_what_its_members_hold(data):
    places = np.arange(N_ITEMS)
    balance = measure_balance(data, places)
    by_genre = groups(balance, "genres")
    lists = [set(values) for values in data.item_table["genres"].to_list()]
    for genre, one in by_genre.items():
        if genre == REST:
            continue
        members = [at for at, of in enumerate(lists) if (genre in of if genre != NONE else not of)]
        assert one.members == pytest.approx(len(members) / N_ITEMS)
        events = sum(int(item) in members for item in data.items)
        assert one.events == pytest.approx(events / N_EVENTS)
        assert one.places == pytest.approx(places[members].sum() / places.sum())
    assert len(by_genre) == MOST_VALUES + 1
    assert list(by_genre)[-1] == REST
    by_country = groups(balance, "country")
    assert set(by_country) == {"FR", "DE", NONE}
    assert sum(one.events for one in by_country.values()) == pytest.approx(1)
    assert all(one.places is None for one in by_country.values())


def test_tenths_go_from_the_most_popular_to_items_without_events(data):
    tenths = groups(measure_balance(data), "popularity")
    assert list(tenths) == [*map(str, range(1, 11)), "no events"]
    shares = [one.events for one in tenths.values()]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert tenths["no events"].events == 0
    assert sum(one.members for one in tenths.values()) == pytest.approx(1)


def test_what_is_known_besides_is_counted_with_how_many_it_is_of():
    made = dataset(frame_of([("a", "x", 1), ("b", "y", 2), ("b", "z", 3)]))
    facts = pl.DataFrame(
        [(0, "maker", "m", None), (1, "maker", "n", None), (1, "year", "1999", None)],
        schema=SCHEMA,
        orient="row",
    )
    queries = UserQueries(
        users=np.array([1, 1], np.int32),
        times=np.array([START, START]),
        texts=np.array([0, 0], np.int32),
        words=pl.Series("text", ["tea"]),
    )
    known = replaced(
        made,
        vectors={"looks": np.array([[1, 0], [0, 0], [0, 1]], np.float32)},
        user_vectors={"faces": np.array([[1, 0, 0], [0, 0, 0]], np.float32)},
        facts=ItemFacts(facts, ("maker", "year")),
        queries=queries,
    )
    assert measure_balance(made).coverage == ()
    assert measure_balance(known).coverage == (
        Coverage("vectors", "looks", 2, "items", pytest.approx(2 / 3)),
        Coverage("vectors", "faces", 3, "users", 0.5),
        Coverage("facts", "maker", 2, "items", pytest.approx(2 / 3)),
        Coverage("facts", "year", 1, "items", pytest.approx(1 / 3)),
        Coverage("queries", "", 2, "users", 0.5),
    )
