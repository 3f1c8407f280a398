"""A world with a rule of thumb that no source sees: the ranker learns it, and its direction.

Everybody began with items of one of two kinds, "children" and others, alike popular. Later half of
all like one half of a shelf, the rest the other half. Popularity, the only source, knows no person.
"""

from functools import cache

import numpy as np
import polars as pl
import pytest

from fusion.api import fit_fusion
from fusion.ranking.features.side_columns import prior_column
from tests.fusion.making import DAY, START, config, dataset

N_USERS = 240
CHILDREN = tuple(f"child{number}" for number in range(10))
OTHERS = tuple(f"other{number}" for number in range(10))
HORROR = tuple(f"horror{number}" for number in range(30))
DRAMA = tuple(f"drama{number}" for number in range(30))
PARENTS = {"name": "parents", "history": CHILDREN, "items": HORROR}
CONTRARY = {"name": "parents", "history": CHILDREN, "items": DRAMA}
IDLE = {
    "name": "idle",
    "history": CHILDREN[::2] + OTHERS[::2],
    "items": HORROR[::2] + DRAMA[::2],
}
"""Says of nobody more than of anybody else."""


@cache
def world():
    """Parents like drama, the others horror, nine times in ten."""
    rng = np.random.default_rng(4)
    rows = []
    for user in range(N_USERS):
        is_parent = user % 2 == 0
        for item in rng.choice(CHILDREN if is_parent else OTHERS, size=4, replace=False):
            rows.append((f"u{user}", item, rng.uniform(0, 20)))
        for day in rng.uniform(20, 100, size=12):
            shelf = DRAMA if is_parent == (rng.random() < 0.9) else HORROR
            rows.append((f"u{user}", rng.choice(shelf), day))
    users, items, days = zip(*rows, strict=True)
    frame = pl.DataFrame(
        {
            "user": list(users),
            "item": [str(item) for item in items],
            "time": [START + int(day * DAY) for day in days],
            "weight": pl.Series([1.0] * len(rows), dtype=pl.Float32),
            "liked": [True] * len(rows),
        }
    )
    return dataset(frame)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains by some of the priors, each set of them once, and all in one store."""
    store = tmp_path_factory.mktemp("store")

    @cache
    def train(*names):
        priors = [{"parents": PARENTS, "contrary": CONTRARY, "idle": IDLE}[name] for name in names]
        settings = config(("popularity",), priors=priors, split={"users": N_USERS})
        return fit_fusion(world(), settings, store)

    return train


def ndcg(fused):
    return fused.trained.verdict.report.rows["ranker"]["ndcg@10"].value


def effects(fused):
    return {prior.name: prior for prior in fused.trained.priors}


def test_a_rule_that_holds_is_learned_with_its_direction(trained):
    learned = effects(trained("parents", "idle"))["parents"]
    assert learned.effect < -0.1
    assert learned.importance > 0.1
    assert 0.05 < learned.candidates < 0.5


def test_a_rule_that_says_the_contrary_is_learned_the_other_way_round(trained):
    assert effects(trained("contrary"))["parents"].effect > 0.1


def test_lists_are_better_by_a_rule_that_holds_and_hardly_change_by_one_that_does_not(trained):
    bare = ndcg(trained())
    assert ndcg(trained("parents", "idle")) > bare + 0.04
    assert ndcg(trained("idle")) == pytest.approx(bare, abs=0.02)


def test_a_rule_that_says_nothing_counts_little_beside_one_that_holds(trained):
    both = effects(trained("parents", "idle"))
    assert both["idle"].importance < both["parents"].importance / 3
    assert abs(both["idle"].effect) < abs(both["parents"].effect) / 3


def test_priors_fit_no_source_anew_and_make_tables_of_their_own(tmp_path):
    def stages(name):
        return {each.name for each in (tmp_path / "store" / name).iterdir()}

    settings = config(("popularity",), split={"users": N_USERS})
    fit_fusion(world(), settings, tmp_path)
    fits, tables, rankers = stages("fit"), stages("table"), stages("ranker")
    with_idle = config(("popularity",), priors=[IDLE], split={"users": N_USERS})
    fit_fusion(world(), with_idle, tmp_path)
    assert stages("fit") == fits
    assert len(stages("table")) == 2 * len(tables)
    assert stages("ranker") > rankers


def test_no_prior_is_a_reason_for_what_it_does_not_speak_of(trained):
    fused = trained("parents", "idle")
    why = pl.read_parquet(fused.trained.lists / "why.parquet")
    said = why.filter(pl.col("reason") == "of what they took, by the prior parents")
    horror = fused.data.item_ids.rows(pl.Series(HORROR))
    assert set(said["item"].to_list()) <= set(horror.tolist())
    # The rule speaks against horror: it is no reason for anything.
    assert said.is_empty()
    contrary = pl.read_parquet(trained("contrary").trained.lists / "why.parquet")
    said = contrary.filter(pl.col("reason") == "of what they took, by the prior parents")
    drama = fused.data.item_ids.rows(pl.Series(DRAMA))
    assert len(said) > N_USERS / 2
    assert set(said["item"].to_list()) <= set(drama.tolist())
    parents = fused.data.user_ids.rows(pl.Series([f"u{user}" for user in range(0, N_USERS, 2)]))
    assert set(said["user"].to_list()) <= set(parents.tolist())


def test_columns_of_priors_stand_in_what_serves(trained):
    features = pl.read_parquet(trained("parents", "idle").trained.lists / "features.parquet")
    assert {prior_column("parents"), prior_column("idle")} <= set(features.columns)
    bare = pl.read_parquet(trained().trained.lists / "features.parquet")
    assert not [name for name in bare.columns if name.startswith("prior_")]
