"""Planted bots are found, people are left alone, and no name, number or order of rows matters."""

from functools import cache

import numpy as np
import polars as pl
import pytest

from benchmarks.hostile.attacks import ATTACKS, BOT, Campaign, inject
from benchmarks.hostile.worlds import dataset, generated
from fusion.api import from_frames
from fusion.data.suspicion.item_tests import scale, tail
from fusion.data.suspicion.judge import suspicious_users
from fusion.data.suspicion.overlaps import twins
from fusion.data.suspicion.taken_sets import TakenSets


@cache
def world():
    return generated(seed=1)


def judged(events: pl.DataFrame) -> tuple[set[str], list[str]]:
    """Ids of the suspects, and of what they promote."""
    data = dataset(events, world()[1], "keep")
    suspicion = suspicious_users(data)
    users = data.user_ids.texts(suspicion.users).to_list()
    return set(users), data.item_ids.texts(suspicion.items).to_list()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("share", [0.01, 0.03])
def test_a_campaign_is_found_and_so_is_what_it_promotes(attack, share):
    events, targets = inject(*world(), Campaign(attack, share))
    suspects, promoted = judged(events)
    bots = {user for user in events["user"].unique() if user.startswith(BOT)}
    assert len(suspects & bots) >= 0.8 * len(bots)
    assert len(suspects - bots) <= 0.01 * world()[0]["user"].n_unique()
    assert set(targets) <= set(promoted)


def test_one_promoted_item_is_enough_to_be_found():
    events, targets = inject(*world(), Campaign("bandwagon", 0.03, targets=1))
    suspects, promoted = judged(events)
    assert promoted == targets
    assert sum(user.startswith(BOT) for user in suspects) >= 20


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_clean_data_nobody_is_suspected(seed):
    events, kinds = generated(seed)
    assert not suspicious_users(dataset(events, kinds, "keep"))


def test_bots_with_no_target_in_common_are_nobodys_campaign():
    """Oddness alone is no reason: odd people are people."""
    events, targets = inject(*world(), Campaign("average", 0.03))
    is_promotion = pl.col("user").str.starts_with(BOT) & pl.col("item").is_in(targets)
    assert judged(events.filter(~is_promotion)) == (set(), [])


def test_names_numbers_and_the_order_of_rows_change_nothing():
    events, _ = inject(*world(), Campaign("segment", 0.02))
    suspects, promoted = judged(events)
    rng = np.random.default_rng(5)
    people = events["user"].unique(maintain_order=True)
    items = events["item"].unique(maintain_order=True)
    others = {
        name: dict(zip(ids, rng.permutation(len(ids)).astype(str), strict=True))
        for name, ids in (("user", people), ("item", items))
    }
    renamed = events.with_columns(
        pl.col(name).replace_strict(new) for name, new in others.items()
    ).sample(fraction=1, shuffle=True, seed=3)
    data = from_frames(
        renamed.drop("weight"), settings={"columns": {"time": "time"}, "suspicious": "keep"}
    )
    suspicion = suspicious_users(data)
    assert suspects
    assert {others["user"][user] for user in suspects} == set(data.user_ids.texts(suspicion.users))
    assert {others["item"][item] for item in promoted} == set(data.item_ids.texts(suspicion.items))


def test_few_users_are_never_judged():
    rows = [(user, item) for user in range(60) for item in range(5)]
    data = from_frames(pl.DataFrame(rows, schema=["user", "item"], orient="row"))
    assert not suspicious_users(data)


def test_accounts_with_nearly_the_same_items_meet():
    rng = np.random.default_rng(0)
    rows = [(f"u{user}", int(item)) for user in range(150) for item in rng.choice(900, 20, False)]
    template = rng.choice(900, 20, False)
    for copy in range(4):
        rows += [(f"copy{copy}", int(item)) for item in template[: 20 - copy % 2]]
    frame = pl.DataFrame(rows, schema=["user", "item"], orient="row")
    data = from_frames(frame, settings={"suspicious": "keep"})
    others = twins(TakenSets.of(data))
    is_copy = data.user_ids.values.str.starts_with("copy").to_numpy()
    assert (others[is_copy] >= 1).all()
    assert (others[~is_copy] == 0).all()


def test_the_tail_is_that_of_a_binomial_distribution():
    from scipy.stats import binom

    found = tail(np.array([3.0, 0.0]), np.array([10.0, 10.0]), np.array([0.1, 0.1]))
    assert found == pytest.approx([-np.log10(binom.sf(2, 10, 0.1)), 0.0])


def test_the_scale_is_how_much_wider_than_chance_evidence_is():
    by_chance = -np.log10(np.linspace(1e-4, 1, 10_000))
    assert scale(by_chance) == pytest.approx(1.0, abs=0.01)
    assert scale(3 * by_chance) == pytest.approx(3.0, rel=0.01)
    assert scale(by_chance / 5) == 1.0
