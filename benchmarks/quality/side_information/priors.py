"""Lists with and without a rule of thumb.

    python -m benchmarks.quality.side_information.priors --seeds 1,2,3

A generated shop in which parents begin with something for a baby, and go on to things for a family,
which others hardly take; all else that people take is of two kinds of theirs. A prior says so, a
second one names two kinds that have nothing to do with each other. Each user's last item is held
out, and users are judged by how much of them is known: of a young history, and of an older one.
What is beside a row is the last row less it, paired over users.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import polars as pl

from benchmarks.quality.pooling import pooled
from benchmarks.quality.side_information.comparisons import ndcg_of_lists, print_table
from fusion.api import from_frames
from fusion.config import PriorSettings
from fusion.data.dataset import Dataset
from fusion.lists.business_rules.resolve_priors import with_priors

N_KINDS, PARENTS, YOUNG = 20, 0.3, 3
"""Kinds of items; share of users who are parents; events of a young history, at most."""
BABY, FAMILY, OTHERS = 0, 1, (5, 9)
START = 1_700_000_000


def generated(seed: int, n_users: int = 1500, n_items: int = 800) -> Dataset:
    """Generate the shop.

    Args:
        seed: of all draws.
        n_users: people, of whom some are parents.
        n_items: things, as many of each kind.
    """
    rng = np.random.default_rng(seed)
    kinds = np.arange(n_items) % N_KINDS
    popular = rng.gumbel(size=n_items) * 0.7
    rows = []
    for user in range(n_users):
        own = rng.choice(np.arange(2, N_KINDS), 2, replace=False)
        utility = popular + 3.0 * np.isin(kinds, own) - 3.0 * (kinds == FAMILY)
        n_events = int(rng.integers(2, 9))
        taken: list[int] = []
        is_parent = rng.random() < PARENTS
        for step in range(n_events):
            wanted = utility + rng.gumbel(size=n_items)
            if is_parent:
                wanted += 6.0 * (kinds == BABY) if step == 0 else 5.5 * (kinds == FAMILY)
            wanted[taken] = -np.inf
            taken.append(int(wanted.argmax()))
        moments = np.sort(rng.integers(0, 180 * 86_400, size=n_events)) + START
        rows += zip([user] * n_events, taken, moments, strict=True)
    frame = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
    items = pl.DataFrame({"item": np.arange(n_items), "kind": [f"k{kind}" for kind in kinds]})
    settings = {"columns": {"time": "time"}, "item_features": {"category": ["kind"]}}
    return from_frames(frame, items, settings=settings)


def prior(name: str, history: int, items: int) -> PriorSettings:
    """Say that who took of one kind wants of another."""
    return PriorSettings(name=name, history=(f"kind=k{history}",), items=(f"kind=k{items}",))


def worlds(seed: int) -> dict[str, Dataset]:
    """Row name -> the same interactions with another prior, or with none."""
    data = generated(seed)
    empty, true = prior("empty", *OTHERS), prior("family", BABY, FAMILY)
    return {
        "no prior": data,
        "a prior without truth": with_priors(data, [empty])[0],
        "the prior": with_priors(data, [true])[0],
    }


def judge(seeds: Sequence[int]) -> None:
    """Print a table of users with a young history, and one of all others."""
    folds: dict[str, list[dict[str, np.ndarray]]] = {"young": [], "older": []}
    users: dict[str, list[np.ndarray]] = {"young": [], "older": []}
    for seed in seeds:
        found = {name: ndcg_of_lists(data, seed) for name, data in worlds(seed).items()}
        counts = generated(seed).user_counts
        # The last one is held out.
        known = counts[counts >= 3] - 1
        for name, is_in in (("young", known <= YOUNG), ("older", known > YOUNG)):
            folds[name].append({row: values[is_in] for row, values in found.items()})
            users[name].append(np.flatnonzero(is_in).astype(np.int64) + 10_000_000 * seed)
    for name, parts in folds.items():
        title = f"{name} histories (at most {YOUNG} events are young)"
        print_table(title, pooled(parts, users[name], 0, "the prior"))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1,2,3")
    given = parser.parse_args()
    judge([int(seed) for seed in given.seeds.split(",")])


if __name__ == "__main__":
    main()
