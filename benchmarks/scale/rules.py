"""Cost of rules and reasons.

`python -m benchmarks.scale.rules` prints seconds for each kind over a block of users.

Orders of 300 candidates are drawn at random, lists take 30 of them; a ranker of a size as trained
by default tells its contributions for 10,000 rows. Run it on a quiet machine.
"""

import time
from collections.abc import Callable

import lightgbm as lgb
import numpy as np
import polars as pl

from fusion.data.dataset import Dataset
from fusion.data.id_map import IdMap
from fusion.data.ranked_lists import RankedLists
from fusion.lists.business_rules.apply_rules import RuleApplier
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.mmr import ItemSimilarity
from fusion.lists.business_rules.resolve_rules import resolve
from fusion.lists.business_rules.rules import RuleSet
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.ranking.ranker import Ranker

USERS, ITEMS, CANDIDATES, SIZE, SHOWN = 2_000, 20_000, 300, 30, 20
KINDS = {
    "pin": {"pin": [{"item": "7"}]},
    "boost": {"boost": [{"categories": ["genre=g3"], "places": 5}]},
    "limit": {"limit": [{"category": "genre", "share": 0.2}]},
    "diversity by category": {"diversity": {"by": "genre"}},
    "diversity by 384 numbers": {"diversity": {"by": "genre"}},
}


def world(rng: np.random.Generator) -> Dataset:
    """Users with twenty interactions each, items of two of twenty genres."""
    users = np.repeat(np.arange(USERS, dtype=np.int32), 20)
    count = len(users)
    genres = [[f"g{one}" for one in rng.choice(20, 2, replace=False)] for _ in range(ITEMS)]
    return Dataset(
        user_ids=IdMap(pl.Series([str(at) for at in range(USERS)])),
        item_ids=IdMap(pl.Series([str(at) for at in range(ITEMS)])),
        users=users,
        items=rng.integers(ITEMS, size=count).astype(np.int32),
        times=np.arange(count, dtype=np.int64),
        weights=np.ones(count, np.float32),
        liked=np.ones(count, bool),
        as_of=count,
        item_table=pl.DataFrame({"genre": genres}),
    )


def seconds(work: Callable[[], object]) -> float:
    """The best of three."""
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def main() -> None:
    """Print a line for each kind of rule, and one for contributions."""
    rng = np.random.default_rng(7)
    data = world(rng)
    rows = np.arange(USERS, dtype=np.int32)
    users = data.users_at(rows, np.full(USERS, data.as_of))
    items = np.argsort(rng.random((USERS, ITEMS)), axis=1)[:, :CANDIDATES].astype(np.int32)
    pool = RankedLists(rows, items, -np.tile(np.arange(CANDIDATES, dtype=np.float32), (USERS, 1)))
    spare = rng.permutation(ITEMS).astype(np.int32)
    for name, given in KINDS.items():
        rules, _ = resolve(RuleSet.model_validate(given), data, NO_BLOCKS, SHOWN)
        similarity = (
            ItemSimilarity.of(data, rules.diversity, FitContext()) if rules.diversity else None
        )
        if name.endswith("numbers"):
            similarity = ItemSimilarity(
                rng.normal(size=(ITEMS, 384)).astype(np.float32), sets=False
            )
        desk = RuleApplier(rules, Allowed(np.ones(ITEMS, bool)), spare, SIZE, SHOWN, similarity)
        print(
            f"{name}: {seconds(lambda desk=desk: desk.apply(pool, users)):.2f} s "
            f"for {USERS:,} users"
        )
    matrix, label = rng.normal(size=(50_000, 60)).astype(np.float32), rng.integers(2, size=50_000)
    booster = lgb.train(
        {"num_leaves": 7, "verbosity": -1}, lgb.Dataset(matrix, label), num_boost_round=200
    )
    ranker = Ranker(tuple(f"c{at}" for at in range(60)), (booster,))
    columns = {f"c{at}": matrix[:10_000, at] for at in range(60)}
    print(
        f"contributions: {seconds(lambda: ranker.contributions(columns)):.2f} s "
        "for 10,000 rows of 200 trees"
    )


if __name__ == "__main__":
    main()
