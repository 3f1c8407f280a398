"""A reason names the item of the user's own that shares the fact, and no other one."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from dashboards.language.stored import retold
from fusion.data.facts import SCHEMA, ItemFacts
from fusion.lists.fact_words import FactWords
from fusion.lists.reasons import Reasons
from fusion.ranking.features.compute import features_of
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.training.pipeline import Live, train
from tests.fusion.making import (
    DAY,
    START,
    config,
    context_of,
    dataset,
    frame_of,
    synthetic_interactions,
)

FACTS = [
    ("heat", "director", "Mann", None),
    ("heat", "actor", "Pacino", None),
    ("ali", "director", "Mann", None),
    ("serpico", "actor", "Pacino", None),
    ("serpico", "actor", "Everyman", None),
    ("heat", "actor", "Everyman", None),
    ("ali", "actor", "Everyman", None),
    ("thief", "director", "Mann", START + 50 * DAY),
]


def films():
    rows = [("ann", "heat", 0), ("ann", "ali", 5), ("bob", "serpico", 6), ("bob", "thief", 90)]
    table = pl.DataFrame({"id": ["heat", "ali"], "text": ["Heat · A thief and a cop", None]})
    data = dataset(frame_of(rows), table)
    items = data.item_ids.rows(pl.Series([row[0] for row in FACTS]))
    cells = [(int(item), *row[1:]) for item, row in zip(items, FACTS, strict=True)]
    facts = pl.DataFrame(cells, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    return replace(data, facts=ItemFacts(facts, ("actor", "director")))


def words_for(data, item, day=100):
    """Sentences for an item that ann is shown on a day, by relation."""
    statistics = ItemStatistics(data)
    reasons = Reasons.of([], features_of(data))
    words = FactWords.of(statistics, reasons.of_column)
    assert {reasons.words[number] for number in words.relation_of} == {
        "same actor as what they took last",
        "same director as what they took last",
    }
    row = data.item_ids.rows(pl.Series([item]))
    users = data.users_at(np.zeros(1, np.int32), np.array([START + day * DAY]))
    shared = words.shared_with(users, np.zeros(1, np.int64), row)[0]
    return [
        words.sentence(place, int(one)) if one >= 0 else None for place, one in enumerate(shared)
    ]


def test_the_rarest_fact_and_then_the_newest_item_is_named():
    """Pacino is in two of the four films and Everyman in three; Ali is newer than Heat."""
    data = films()
    assert words_for(data, "serpico") == ["same actor as Heat", None]
    assert words_for(data, "thief") == [None, "same director as ali"]


def test_a_fact_to_come_is_not_named():
    assert words_for(films(), "thief", day=50) == [None, None]


def test_it_is_told_in_chinese():
    assert retold("same director as Heat", "zh") == "director 与《Heat》相同"
    assert retold("same director as what they took last", "zh") == "director 与该用户最近选择的相同"


@pytest.fixture(scope="module")
def why(tmp_path_factory):
    """Reasons of a ranker that learned from a fact that decides."""
    events = synthetic_interactions(seed=3, n_users=80, n_items=160, n_events=2800, loyal=0.95)
    data = dataset(events)
    names = data.item_ids.values.str.slice(1).cast(pl.Int64).to_numpy()
    rows = [(at, "maker", f"m{name % 5}", None) for at, name in enumerate(names)]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    data = replace(data, facts=ItemFacts(table, ("maker",)))
    context = context_of(tmp_path_factory.mktemp("run"), data, config(("popularity",)))
    trained = train(context, Live("before", "ranker", "time", None, data.as_of))
    assert trained.importance["facts_maker_weight"] > 0
    return data, pl.read_parquet(trained.lists / "why.parquet")


def test_reasons_of_a_run_name_items_of_the_users_own(why):
    data, reasons = why
    named = reasons.filter(pl.col("reason").str.starts_with("same maker as i"))
    assert len(named) > 20
    known = data.item_ids.values.to_list()
    for user, item, words in named.select("user", "item", "reason").iter_rows():
        other = known.index(words.removeprefix("same maker as "))
        assert other in data.items[data.users == user]
        assert (int(known[other][1:]) - int(known[item][1:])) % 5 == 0
