"""Lists of cold users in a training: stored, whole, by the rules, and explained."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.evaluation.live_baseline import Live
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet
from fusion.lists.live_lists import LiveLists
from fusion.runs.stages.keys import inputs_key
from fusion.training.lists_stage import lists_stage
from fusion.training.pipeline import train
from fusion.training.run_manifest import training_manifest
from tests.fusion.lists.cold_users.world import JOBS, cold_world, fourths
from tests.fusion.making import config, context_of
from tests.fusion.whole import file_digests, lists_of

SETTINGS = {"size": 5, "reserve": 3}


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    root = tmp_path_factory.mktemp("cold")
    sources = ("popularity", "ease")
    return context_of(root, cold_world(), config(sources, lists=SETTINGS))


@pytest.fixture(scope="module")
def trained(context):
    return train(context)


def cold_lists(trained, data):
    cold = np.flatnonzero(data.user_counts == 0)
    return lists_of(trained).filter(pl.col("user").is_in(cold))


def ruled(context, given, blocked=NO_BLOCKS):
    rules, _ = usable(RuleSet(**given), context.data, blocked, 5)
    return train(context, rules=rules)


def holds(trained):
    return [check.name for check in trained.checks if not check.holds]


def test_every_cold_user_has_a_whole_list_on_route_cold(context, trained):
    data = context.data
    rows = cold_lists(trained, data)
    assert (rows["user"].value_counts()["count"] == 8).all()
    assert rows["user"].n_unique() == 40
    assert not holds(trained)
    served = pl.read_parquet(trained.lists / "served.parquet")
    routes = served.filter(pl.col("user").is_in(rows["user"].unique().implode()))["route"]
    assert set(routes) == {"cold"}
    assert rows["source"].null_count() == len(rows)
    numbers = data.item_ids.values.str.strip_chars("i").cast(pl.Int64).to_numpy()
    first = rows.filter(rank=1)
    jobs = data.user_table["job"].gather(first["user"]).to_list()
    wanted = np.array([JOBS.index(job) for job in jobs])
    assert (fourths(numbers[first["item"].to_numpy()]) == wanted).mean() > 0.9


def test_the_manifest_says_what_was_found_and_how_many_lists_were_made(context, trained):
    manifest = training_manifest(context, trained).as_json()
    assert manifest["cold_users"]["lists"] == 40
    assert manifest["cold_users"]["serves"]
    assert manifest["lists"]["users"] == 440
    assert manifest["lists"]["short"] == 0
    json.dumps(manifest)


def test_reasons_name_attributes(context, trained):
    why = pl.read_parquet(trained.lists / "why.parquet")
    data = context.data
    rows = cold_lists(trained, data).filter(pl.col("rank") <= 5)
    both = rows.select("user", "item").join(why, on=["user", "item"], how="left")
    assert both["reason"].null_count() == 0
    assert both["gain"].null_count() == len(both)
    for user, reason in both.select("user", "reason").iter_rows():
        job = data.user_table["job"][user]
        assert reason in {
            f"people with job = {job} like it more than others",
            f"people with region = {data.user_table['region'][user]} like it more than others",
            "people of a similar age like it more than others",
            "it is popular now",
        }
    counted = both["reason"].str.contains("job").sum()
    assert counted > len(both) / 3
    notes = json.loads((trained.lists / "notes.json").read_text())
    assert notes["explained"] == notes["listed"] == 440


def test_rules_and_blocks_act_on_them(context, trained):
    data = context.data
    plain = cold_lists(trained, data)
    user = int(plain["user"][0])
    theirs = data.item_ids.values[int(plain["item"][0])]
    everyones = data.item_ids.values[int(plain["item"][1])]
    pinned = data.item_ids.values[int(data.item_counts.argmin())]
    blocked = pl.DataFrame(
        {"item_id": [theirs, everyones], "user_id": [data.user_ids.values[user], None]}
    )
    with_rules = ruled(context, {"pin": [{"item": pinned, "rank": 2}]}, blocked)
    assert not holds(with_rules)
    rows = cold_lists(with_rules, data)
    names = rows.with_columns(name=data.item_ids.texts(rows["item"].to_numpy()))
    assert set(names.filter(rank=2)["name"]) == {pinned}
    assert everyones not in set(names["name"])
    assert theirs not in set(names.filter(user=user)["name"])
    assert (rows["user"].value_counts()["count"] == 8).all()
    why = pl.read_parquet(with_rules.lists / "why.parquet")
    of_pin = why.filter(pl.col("user") == user, pl.col("item") == rows.filter(rank=2)["item"][0])
    assert of_pin["reason"].to_list() == ["a rule puts it here"]


def test_an_allow_list_for_a_segment_reaches_them(context):
    items = [f"i{number}" for number in range(0, 60, 3)]
    allowed = ruled(context, {"allow": [{"items": items, "segment": "region=north"}]})
    assert not holds(allowed)
    rows = cold_lists(allowed, context.data)
    north = np.flatnonzero((context.data.user_table["region"] == "north").fill_null(False))
    names = context.data.item_ids.texts(rows.filter(pl.col("user").is_in(north))["item"].to_numpy())
    assert len(names)
    assert set(names) <= set(items)


def test_stickiness_holds_them(context, trained):
    data = context.data
    lists = context.config.lists.model_copy(update={"stickiness": 10.0})
    held = replace(context, config=context.config.model_copy(update={"lists": lists}))
    rows = cold_lists(trained, data)
    user, ninth = int(rows["user"][0]), rows["item"].to_list()[7]
    live = Live("before", "ranker", "time", None, data.as_of)
    shown = LiveLists(np.array([user], np.int32), np.array([[ninth]], np.int32))
    again = train(held, replace(live, lists=shown))
    assert again.method == "ranker"
    assert lists_of(again).filter(user=user, rank=1)["item"].to_list() == [ninth]


def test_the_same_bits_twice(context, trained, tmp_path):
    again = train(replace(context, root=tmp_path))
    assert file_digests(again.lists) == file_digests(trained.lists)


@pytest.mark.parametrize("cold_users", [0, 39])
def test_below_the_limit_nothing_is_stored_and_all_else_is_as_before(context, trained, cold_users):
    lists = context.config.lists.model_copy(update={"cold_users": cold_users})
    without = train(replace(context, config=context.config.model_copy(update={"lists": lists})))
    assert not len(cold_lists(without, context.data))
    with_history = lists_of(trained).filter(
        ~pl.col("user").is_in(cold_lists(trained, context.data)["user"].implode())
    )
    assert with_history.equals(lists_of(without))


def test_a_training_without_attributes_has_the_keys_that_it_had(context, tmp_path, monkeypatch):
    """Neither the setting nor the model of attributes stands in any key then."""
    seen = {}

    def spy(inputs):
        seen.update(inputs_key(inputs))
        return lists_stage(inputs)

    monkeypatch.setattr("fusion.training.pipeline.lists_stage", spy)
    data = cold_world(n_cold=0)
    plain = context_of(tmp_path, data, config(("popularity", "ease"), lists=SETTINGS))
    trained = train(plain)
    assert "attributes" not in seen
    assert "cold_users" not in seen["lists"]
    assert "cold_users" not in plain.config.model_dump(mode="json")["lists"]
    assert training_manifest(plain, trained).cold_users == {}
