"""A year in a shop whose users choose from lists that learn from what they chose.

    python -m benchmarks.hostile.feedback --seeds 1,2,3

Users have true tastes, in a space that no source sees. Each week six in ten come, and take up to
two items: mostly from their list, where they look at a place with the chance of its exposure
(1 / log2(rank + 1)) and take by taste what they looked at; one choice in seven is made in the whole
catalogue, without the list. Nobody takes an item twice. Lists are the blend by reciprocal ranks of
`als` and `item_knn`, fitted anew each week on all that happened.

- `lists`: as the blend makes them.
- `tail 0.35`: with `[[limit_exposure]]` of 0.35 at least for the tail, items beyond the first fifth
  by popularity, at the product's own prices.
- `random`: lists by chance: what becomes of the shop without recommendations.

Gini is of how often items were taken in the last 13 weeks, coverage the share of the catalogue that
stood in a list in the week, quality the true utility of the first ten places, as NDCG with graded
gain: 1 is the best list that a user could have. Figures are means over seeds.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from fusion.api import from_frames
from fusion.core.arrays import Rows
from fusion.data.dataset import Dataset
from fusion.data.ranked_lists import RankedLists
from fusion.lists.business_rules.exposure_limits import ExposedItems, LimitExposure
from fusion.lists.exposure.fit import ListedBlock, fit_prices
from fusion.lists.exposure.prices import PricedOrder
from fusion.metrics.catalogue import coverage, gini
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import fit
from fusion.models.base.registry import build

USERS, ITEMS, TASTES = 300, 300, 6
WEEKS, QUARTER = 52, 13
PLACES, CANDIDATES = 10, 100
COMING, CHOICES, OUTSIDE = 0.6, 2, 1 / 7
LEAST = 0.35
"""Share of exposure that the limit gives to the tail."""
RANK_DAMPING = 60
DISCOUNTS = 1 / np.log2(np.arange(2, PLACES + 2))
WEEK_MS = 7 * 86_400_000
START = 1_700_000_000_000


@dataclass
class World:
    """A shop, and what has happened in it.

    Attributes:
        utility: (U, I) what an item is worth to a user.
        rng: of everything that happens.
        taken: (U, I) what users have.
        events: user, item and week of everything that was taken, in order.
    """

    utility: np.ndarray
    rng: np.random.Generator
    taken: np.ndarray
    events: list[tuple[int, int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int) -> "World":
        """Make a shop in which everyone has taken five items, by taste alone."""
        rng = np.random.default_rng(seed)
        users, items = rng.normal(size=(USERS, TASTES)), rng.normal(size=(ITEMS, TASTES))
        utility = users @ items.T / np.sqrt(TASTES) * 1.5 + rng.normal(size=ITEMS) * 0.7
        world = cls(utility, rng, np.zeros((USERS, ITEMS), bool))
        for user in range(USERS):
            for _ in range(5):
                world.take(user, np.arange(ITEMS), week=0)
        return world

    def take(self, user: int, items: np.ndarray, week: int) -> None:
        """Let a user take one of some items, by taste."""
        open_items = items[~self.taken[user, items]]
        if not len(open_items):
            return
        chances = np.exp(self.utility[user, open_items])
        item = int(self.rng.choice(open_items, p=chances / chances.sum()))
        self.taken[user, item] = True
        self.events.append((user, item, week))

    def live_a_week(self, lists: Rows, week: int) -> None:
        """Let users come and choose."""
        for user in np.flatnonzero(self.rng.random(USERS) < COMING):
            for _ in range(CHOICES):
                if self.rng.random() < OUTSIDE:
                    self.take(user, np.arange(ITEMS), week)
                else:
                    looked_at = self.rng.random(PLACES) < DISCOUNTS
                    self.take(user, lists[user][looked_at], week)

    def dataset(self) -> Dataset:
        """Return what has happened, with users and items by their own numbers."""
        rows = [(user, item, START + week * WEEK_MS) for user, item, week in self.events]
        frame = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
        items = pl.DataFrame({"item": np.arange(ITEMS)})
        return from_frames(
            frame, items, settings={"columns": {"time": "time"}, "suspicious": "keep"}
        )

    def quality(self, lists: Rows) -> float:
        """Compute the mean graded NDCG@10 of lists against true tastes."""
        gains = np.exp2(np.clip(self.utility, -3, 3))
        open_gains = np.where(self.taken, -np.inf, gains)
        best = -np.sort(-open_gains, axis=1)[:, :PLACES]
        listed = np.take_along_axis(gains, lists, axis=1)
        return float(((listed * DISCOUNTS).sum(axis=1) / (best * DISCOUNTS).sum(axis=1)).mean())


Recommend = Callable[[World, int], Rows]
"""Lists (U, 10) of a week."""


def blended(world: World, seed: int) -> tuple[Dataset, RankedLists]:
    """Blend the lists of both sources; items (U, CANDIDATES) by the dataset's rows."""
    data = world.dataset()
    users = data.users_at(np.arange(USERS, dtype=np.int32), np.full(USERS, data.as_of))
    scores = np.zeros((USERS, ITEMS), np.float32)
    for use, settings in (("als", {"factors": 16}), ("item_knn", {})):
        context = FitContext(rng=np.random.default_rng(seed), threads=1)
        fitted = fit(use, build(use, settings), data, CANDIDATES, context)
        found = fitted.top(users, CANDIDATES, Allowed(np.ones(ITEMS, bool))).items
        ranks = np.arange(1, found.shape[1] + 1)
        owners, places = np.nonzero(found >= 0)
        scores[owners, found[owners, places]] += 1 / (RANK_DAMPING + ranks[places])
    order = np.argsort(-scores, axis=1, kind="stable")[:, :CANDIDATES].astype(np.int32)
    ranked = np.take_along_axis(scores, order, axis=1)
    is_listed = ranked > 0
    items = np.where(is_listed, order, -1)
    lists = RankedLists(users.rows, items, np.where(is_listed, ranked, np.nan))
    return data, lists


def plain(world: World, week: int) -> Rows:
    """Lists as the blend makes them."""
    data, ranked = blended(world, week)
    return _by_numbers(world, data, ranked.items)


def limited(world: World, week: int) -> Rows:
    """Lists that give the tail its share, at the product's prices."""
    data, ranked = blended(world, week)
    rule = LimitExposure(groups=("tail",), least=LEAST)
    everyone = np.ones(USERS, bool)
    limit = ExposedItems(rule, everyone, np.zeros(ITEMS, bool)).as_of(data, None)
    nothing = np.full((USERS, 0), -1, np.int32)
    order = PricedOrder.of(ranked, ranked.items, nothing, nothing)
    block = ListedBlock(ranked.users, lambda prices: prices.reranked(order), order.widest())
    prices = fit_prices([limit], [block], [everyone], PLACES).prices
    return _by_numbers(world, data, prices.reranked(order))


def by_chance(world: World, week: int) -> Rows:
    """Lists of open items by chance."""
    draws = np.where(world.taken, -1.0, world.rng.random((USERS, ITEMS)))
    return np.argsort(-draws, axis=1)[:, :PLACES].astype(np.int32)


def _by_numbers(world: World, data: Dataset, lists: Rows) -> Rows:
    """Turn rows of the dataset into numbers of users and items, and complete short lists."""
    item_numbers = data.item_ids.values.cast(pl.Int64).to_numpy()
    user_numbers = data.user_ids.values.cast(pl.Int64).to_numpy()
    complete = by_chance(world, 0)
    numbered = np.where(lists[:, :PLACES] >= 0, item_numbers[lists[:, :PLACES]], -1)
    result = complete.copy()
    result[user_numbers] = np.where(numbered >= 0, numbered, complete[user_numbers])
    return result


ARMS: dict[str, Recommend] = {"lists": plain, f"tail {LEAST}": limited, "random": by_chance}


def live_a_year(recommend: Recommend, seed: int) -> np.ndarray:
    """Live a year; gives Gini, coverage and quality (quarters, 3) at the end of each."""
    world = World.of(seed)
    # The draws of a week are its own, so that arms differ by their lists alone.
    figures = []
    for week in range(1, WEEKS + 1):
        world = replace(world, rng=np.random.default_rng([seed, week]))
        lists = recommend(world, week)
        if week % QUARTER == 0:
            recent = [item for _, item, at in world.events if at > week - QUARTER]
            taken = np.array(recent, np.int32)[None]
            figures.append([gini(taken, ITEMS), coverage(lists, ITEMS), world.quality(lists)])
        world.live_a_week(lists, week)
    return np.array(figures)


def main() -> None:
    """Print a row an arm and quarter."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--arms", default=",".join(ARMS), help=", ".join(ARMS))
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    print(f"{'lists':10} week  Gini of choices  coverage  quality  (range of quality over seeds)")
    for name in given.arms.split(","):
        years = np.stack([live_a_year(ARMS[name], seed) for seed in seeds])
        for quarter, figures in enumerate(years.mean(axis=0)):
            qualities = years[:, quarter, 2]
            print(
                f"{name:10} {(quarter + 1) * QUARTER:4}  {figures[0]:15.3f}  {figures[1]:8.1%}  "
                f"{figures[2]:7.3f}  {qualities.min():.3f} - {qualities.max():.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
