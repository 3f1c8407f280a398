"""Features of vectors and facts: by hand, against a slow version, and point in time."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.data.facts import SCHEMA, ItemFacts
from fusion.data.histories import UserHistories
from fusion.data.topk import Pairs
from fusion.ranking.candidates import Candidates
from fusion.ranking.features import shared_facts
from fusion.ranking.features.compute import feature_columns, features_of
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.registry import RECENT_EVENTS
from fusion.ranking.features.side_columns import relation_columns
from tests.fusion.making import DAY, START, dataset, frame_of, synthetic_interactions

NAN = float("nan")
OSCAR = START + 50 * DAY
FACTS = [
    ("a", "director", "Mann", None),
    ("b", "actor", "Lee", None),
    ("b", "director", "Mann", None),
    ("c", "actor", "Lee", None),
    ("c", "award", "Oscar", OSCAR),
    ("d", "award", "Oscar", OSCAR),
]


def with_facts(data, rows):
    items = data.item_ids.rows(pl.Series([row[0] for row in rows]))
    cells = [(int(item), *row[1:]) for item, row in zip(items, rows, strict=True)]
    table = pl.DataFrame(cells, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    relations = tuple(sorted({row[1] for row in rows}))
    return replace(data, facts=ItemFacts(table, relations).before(data.as_of))


def columns_of(data, users, items, moments):
    """Features of the same items for users at moments of their own."""
    block = data.users_at(users, moments)
    lists = np.tile(np.sort(items).astype(np.int32), (len(users), 1))
    pairs = Pairs.from_lists(lists)
    nothing = np.ones((lists.size, 1), np.float32)
    return feature_columns(
        Candidates(block, ("ease",), pairs, nothing, nothing, {}, {}), ItemStatistics(data)
    )


@pytest.fixture(scope="module")
def shop():
    """Four items; ann took a, then b, and cid took c and d."""
    events = [("ann", "a", 0), ("ann", "b", 10), ("cid", "c", 90), ("cid", "d", 99)]
    return with_facts(dataset(frame_of(events)), FACTS)


def of_ann(shop, day):
    return columns_of(shop, np.zeros(1, np.int32), np.arange(4), np.array([START + day * DAY]))


def test_facts_by_hand(shop):
    """Everything is known of four items: Mann, Lee and the Oscar have two of them each."""
    columns = of_ann(shop, 100)
    half = np.log(2)
    assert columns["facts_count"].tolist() == [1, 2, 1, 0]
    # Both of ann's two items have Mann, one has Lee.
    mann, lee = half * 1.0, half * 0.5
    assert columns["facts_director_weight"].tolist() == pytest.approx([mann, mann, 0, 0])
    assert columns["facts_actor_weight"].tolist() == pytest.approx([0, lee, lee, 0])
    assert columns["facts_award_weight"].tolist() == [0, 0, 0, 0]
    assert columns["facts_weight"].tolist() == pytest.approx([mann, mann + lee, lee, 0])


def test_an_award_counts_after_it_was_given(shop):
    """Before, nothing is known of d at all."""
    before = of_ann(shop, 50)
    assert before["facts_count"].tolist() == pytest.approx([1, 2, 1, NAN], nan_ok=True)
    cid = columns_of(shop, np.ones(1, np.int32), np.arange(4), np.array([OSCAR + 1]))
    assert cid["facts_award_weight"].tolist()[2:] == pytest.approx([np.log(2)] * 2)
    cid = columns_of(shop, np.ones(1, np.int32), np.arange(4), np.array([OSCAR]))
    assert np.isnan(cid["facts_award_weight"][3])
    assert cid["facts_award_weight"][2] == 0
    assert len(shop.before(OSCAR).facts) == 4


def test_nobody_knows_what_a_user_without_history_likes(shop):
    nobody = UserHistories.unknown_user(START, shop.n_items)
    pairs = Pairs.from_lists(np.arange(4, dtype=np.int32)[None, :])
    nothing = np.ones((4, 1), np.float32)
    candidates = Candidates(nobody, ("ease",), pairs, nothing, nothing, {}, {})
    columns = feature_columns(candidates, ItemStatistics(shop))
    assert columns["facts_count"].tolist() == pytest.approx([0, 0, 0, NAN], nan_ok=True)


def slow(data, user, item, moment):
    """Count, and weight by relation, by loops over the facts."""
    events = np.flatnonzero(data.users == user)[-RECENT_EVENTS:]
    taken = data.items[events].tolist()
    rows = data.facts.table.rows()
    known = set(np.flatnonzero(data.item_counts).tolist())
    holders = {}
    for of, relation, value, _ in rows:
        holders.setdefault((relation, value), set()).add(of)

    def now(of):
        return {row[1:3] for row in rows if row[0] == of and (row[3] is None or row[3] < moment)}

    if not now(item):
        return NAN, [NAN] * len(data.facts.relations)
    by_relation = dict.fromkeys(data.facts.relations, 0.0)
    count = 0
    for fact in now(item):
        share = sum(fact in now(one) for one in taken) / max(1, len(taken))
        n_known = max(1, len(holders[fact] & known))
        by_relation[fact[0]] += share * -np.log(n_known / len(known))
        count += share > 0
    return count, list(by_relation.values())


@pytest.fixture(scope="module")
def random_shop():
    """Facts drawn by chance, a third of them with a moment."""
    data = dataset(synthetic_interactions(seed=4, n_users=12, n_items=20, n_events=300))
    rng = np.random.default_rng(2)
    rows = {}
    for item in data.item_ids.values.to_list():
        for _ in range(rng.integers(0, 6)):
            fact = (item, f"r{rng.integers(5)}", f"v{rng.integers(6)}")
            rows[fact] = None if rng.random() < 0.6 else int(START + rng.integers(80) * DAY)
    vectors = rng.normal(size=(data.n_items, 6)).astype(np.float32)
    vectors[::5] = 0
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    facts = with_facts(data, [(*fact, when) for fact, when in rows.items()])
    return replace(facts, vectors={"pictures": vectors / lengths})


def test_the_fast_version_is_the_slow_one(random_shop, monkeypatch):
    data = random_shop
    monkeypatch.setattr(shared_facts, "CHUNK_USERS", 5)
    users = np.arange(12, dtype=np.int32)
    moments = START + np.arange(12) * 7 * DAY
    columns = columns_of(data, users, np.arange(data.n_items), moments)
    expected = [
        slow(data, user, item, moment)
        for user, moment in zip(users, moments, strict=True)
        for item in range(data.n_items)
    ]
    counts = [count for count, _ in expected]
    assert columns["facts_count"].tolist() == pytest.approx(counts, nan_ok=True)
    for place, name in enumerate(relation_columns(data)):
        weights = [by_relation[place] for _, by_relation in expected]
        assert columns[name].tolist() == pytest.approx(weights, abs=1e-5, nan_ok=True)
    # Columns of four relations, and all five in the sum.
    sums = [sum(by_relation) for _, by_relation in expected]
    assert columns["facts_weight"].tolist() == pytest.approx(sums, abs=1e-5, nan_ok=True)
    assert len(relation_columns(data)) == 4


def test_cosines_by_the_definition(random_shop):
    data = random_shop
    users = np.arange(12, dtype=np.int32)
    moments = np.full(12, data.as_of)
    columns = columns_of(data, users, np.arange(data.n_items), moments)
    vectors = data.vectors["pictures"].astype(np.float64)
    expected = []
    for user in users:
        taken = data.items[np.flatnonzero(data.users == user)[-RECENT_EVENTS:]]
        mean = vectors[taken].mean(axis=0)
        for item in range(data.n_items):
            has_both = vectors[item].any() and mean.any()
            expected.append(vectors[item] @ mean / np.linalg.norm(mean) if has_both else NAN)
    cosines = columns["vectors_pictures_cosine"]
    assert cosines.tolist() == pytest.approx(expected, abs=1e-5, nan_ok=True)
    assert np.isnan(cosines).any()


def test_no_bit_depends_on_who_else_is_in_the_block(random_shop):
    data = random_shop
    users, items = np.arange(12, dtype=np.int32), np.arange(data.n_items)
    moments = np.full(12, data.as_of)
    together = columns_of(data, users, items, moments)
    for user in users:
        alone = columns_of(data, users[user : user + 1], items, moments[:1])
        rows = slice(user * data.n_items, (user + 1) * data.n_items)
        for name, column in alone.items():
            if name.startswith(("facts_", "vectors_")):
                assert column.tobytes() == together[name][rows].tobytes(), name


def test_what_counts_later_changes_no_bit_for_an_earlier_moment(random_shop):
    data = random_shop
    moment = START + 40 * DAY
    table = data.facts.table
    is_later = pl.col("valid_from") >= moment
    moved = table.with_columns(
        pl.when(is_later).then(pl.lit("another")).otherwise(pl.col("value")).alias("value")
    )
    assert (moved["value"] != table["value"]).sum() > 5
    users, items = np.arange(12, dtype=np.int32), np.arange(data.n_items)
    for other in (moved, table.filter(~is_later.fill_null(False))):
        changed = replace(data, facts=replace(data.facts, table=other))
        one = columns_of(data.before(moment), users, items, np.full(12, moment))
        two = columns_of(changed.before(moment), users, items, np.full(12, moment))
        assert {name: column.tobytes() for name, column in one.items()} == {
            name: column.tobytes() for name, column in two.items()
        }


def test_columns_are_those_of_the_data_whatever_a_fold_knows(shop):
    assert [one.name for one in features_of(shop)] == [
        one.name for one in features_of(shop.before(0))
    ]
    names = {one.name for one in features_of(shop)}
    assert {"facts_count", "facts_weight", "facts_award_weight"} <= names
    bare = replace(shop, facts=ItemFacts())
    assert not {name for name in names if name.startswith("facts")} & {
        one.name for one in features_of(bare)
    }


@pytest.mark.parametrize(
    ("relations", "names"),
    [
        (("导演", "made by"), ["facts_导演_weight", "facts_made_by_weight"]),
        (("made by", "made_by"), ["facts_made_by_weight", "facts_made_by_1_weight"]),
        (('a"b:[c]', "!!"), ["facts_a_b_c_weight", "facts_1_weight"]),
    ],
)
def test_names_that_lightgbm_takes(shop, relations, names):
    import lightgbm as lgb

    data = replace(shop, facts=ItemFacts(relations=relations))
    assert relation_columns(data) == names
    matrix = np.zeros((4, 2))
    assert lgb.Dataset(matrix, np.zeros(4), feature_name=names).construct().feature_name == names
