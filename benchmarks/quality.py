"""Quality: the published lists beside every source, on interactions held out before the product sees anything.

    python benchmarks/quality.py --ratings ratings.csv --items movies.csv --hold last --folds 1,2,3
    python benchmarks/quality.py --generate 4000x1500x250000 --hold time --days 28 --seeds 1,2,3,4,5

`--hold last`: fold n holds out each user's n-th last interaction and hides everything after it. `--hold time`: fold n
hides everything from n windows of `--days` before the end, and judges on the first of them. Every row is judged the
same way: full ranking, what the user met left out, NDCG@10 with binary gain, users with a label and a history.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import polars as pl
from generate import interactions

from fusion.api import fit_fusion, from_frames
from fusion.bootstrap import Interval, resampled_means
from fusion.config import CoreConfig, SourceSettings
from fusion.dataset import Dataset
from fusion.device import device_for
from fusion.fitted import fit, fit_items
from fusion.metrics import hits_of, ndcg
from fusion.recommender import Allowed, FitContext
from fusion.registry import build
from fusion.sources import source_seed

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Held:
    """What is known and what is to be found: `users` (n,) have at least one of `labels` and a history."""

    known: Dataset
    as_of: np.ndarray
    label_users: np.ndarray
    label_items: np.ndarray

    @property
    def users(self) -> np.ndarray:
        """Users with a label and a history, ascending."""
        rows = np.unique(self.label_users)
        return rows[self.known.user_counts[rows] > 0].astype(np.int32)


def hold_last(data: Dataset, n: int) -> Held:
    """Hold out each user's n-th last interaction; hide the later ones."""
    order, borders = data.by_user
    left = np.empty(len(data), np.int64)
    left[order] = np.repeat(borders[1:], np.diff(borders)) - np.arange(len(data))
    known = data.take(left > n)
    label = left == n
    return _unseen(known, known.last_times + 1, data.users[label], data.items[label])


def hold_time(data: Dataset, n: int, days: int) -> Held:
    """Hide the last n windows of `days`; the labels are the first of them."""
    cut = data.as_of - n * days * DAY_MS
    known = data.before(cut)
    label = (data.times >= cut) & (data.times < cut + days * DAY_MS)
    return _unseen(known, np.full(data.n_users, cut), data.users[label], data.items[label])


def _unseen(known: Dataset, as_of: np.ndarray, users: np.ndarray, items: np.ndarray) -> Held:
    pairs = np.unique(users.astype(np.int64) * known.n_items + items)
    pairs = np.setdiff1d(pairs, known.users.astype(np.int64) * known.n_items + known.items)
    return Held(known, as_of, (pairs // known.n_items).astype(np.int32), (pairs % known.n_items).astype(np.int32))


def judge(held: Held, lists: np.ndarray) -> np.ndarray:
    """NDCG@10 of each of `held.users`."""
    return ndcg(*hits_of(lists, held.users, held.label_users, held.label_items), 10)


def product(held: Held, config: CoreConfig) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Values of the published lists and of each source alone, fitted on the same interactions; and seconds."""
    started = time.monotonic()
    fused = fit_fusion(held.known, config, Path(mkdtemp(prefix="quality-")))
    seconds = time.monotonic() - started
    frame = pl.read_parquet(fused.trained.lists / "lists.parquet").filter(pl.col("rank") <= 10)
    lists = np.full((held.known.n_users, 10), -1, np.int32)
    lists[frame["user"].to_numpy(), frame["rank"].to_numpy() - 1] = frame["item"].to_numpy()
    rows = {"published": judge(held, lists[held.users])}
    tuned = {one.name: one.settings for one in fused.trained.tuned}
    for report, source in zip(fused.trained.sources, config.all_sources, strict=True):
        if report.used:
            settings = {**source.settings, **tuned.get(source.name, {})}
            rows[source.name] = judge(held, source_lists(held, source, settings, report.notes.get("steps"), config))
    print(f"  method {fused.trained.method}, inside verdict: {fused.verdict['reported']['value']:.4f}", flush=True)
    return rows, {"product": seconds}


def source_lists(
    held: Held, source: SourceSettings, settings: dict, steps: int | None, config: CoreConfig
) -> np.ndarray:
    """A source's own lists (n, 10), fitted on all that is known."""
    model = build(source.use, settings)
    known = held.known.trim_users().trim_items(fit_items(model, held.known))
    rng = np.random.default_rng(source_seed(config.seed, source.name))
    context = FitContext(rng=rng, threads=2, max_steps=steps, device=device_for("auto"))
    fitted = fit(source.name, model, known, source.k, context)
    users = held.known.users_at(held.users, held.as_of[held.users])
    return fitted.top(users, 10, Allowed(np.ones(held.known.n_items, bool))).items


def pooled(folds: list[dict[str, np.ndarray]], users: list[np.ndarray], seed: int) -> dict:
    """Means over folds with a bootstrap over users, who keep all their folds together; ratio to the best source."""
    names = [name for name in folds[0] if all(name in fold for fold in folds)]
    ids = np.unique(np.concatenate(users))
    sums = np.zeros((len(ids), len(names)))
    counts = np.zeros(len(ids))
    for fold, mine in zip(folds, users, strict=True):
        at = np.searchsorted(ids, mine)
        sums[at] += np.column_stack([fold[name] for name in names])
        counts[at] += 1
    draws = resampled_means(np.column_stack([sums, counts]), seed)
    means, totals = draws[:, :-1] / draws[:, -1:], sums.sum(axis=0) / counts.sum()
    best = max((n for n in range(len(names)) if names[n] != "published"), key=lambda n: totals[n])
    first = names.index("published")
    ratio = Interval.of(totals[first] / totals[best], means[:, first] / means[:, best])
    rows = {name: Interval.of(totals[n], means[:, n]).as_dict() for n, name in enumerate(names)}
    return {"rows": rows, "best_source": names[best], "ratio": ratio.as_dict(), "values": int(counts.sum())}


def read(given: argparse.Namespace, seed: int) -> Dataset:
    """The data set named on the command line."""
    if given.generate:
        users, items, events = (int(number) for number in given.generate.split("x"))
        frame = interactions(users, items, events, seed)
        return from_frames(frame, settings={"columns": {"user": "user", "item": "item", "time": "time"}})
    items = pl.read_csv(given.items) if given.items else None
    settings = json.loads(given.data) if given.data else MOVIELENS if items is not None else {"columns": COLUMNS}
    return from_frames(pl.read_csv(given.ratings), items, settings=settings)


COLUMNS = {"user": "userId", "item": "movieId", "time": "timestamp", "weight": "rating"}
MOVIELENS = {"columns": COLUMNS, "item_features": {"text": ["title"], "category": ["genres"]}}


def main() -> None:
    """Hold out, train, judge, pool, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ratings")
    parser.add_argument("--items")
    parser.add_argument("--data", help="[data] settings as JSON; default: MovieLens' names")
    parser.add_argument("--generate", help="USERSxITEMSxEVENTS of generated data")
    parser.add_argument("--hold", choices=["last", "time"], default="last")
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--folds", default="1")
    parser.add_argument("--seeds", default="7")
    parser.add_argument("--config", default="{}", help="core configuration as JSON")
    parser.add_argument("--json", help="write the figures there")
    given = parser.parse_args()
    folds, users = [], []
    for seed in (int(text) for text in given.seeds.split(",")):
        data = read(given, seed)
        config = CoreConfig(**{"seed": seed, **json.loads(given.config)})
        for n in (int(text) for text in given.folds.split(",")):
            held = hold_last(data, n) if given.hold == "last" else hold_time(data, n, given.days)
            rows, seconds = product(held, config)
            best = max((name for name in rows if name != "published"), key=lambda name: rows[name].mean())
            print(
                f"seed {seed} fold {n}: published {rows['published'].mean():.4f}, best source {best} "
                f"{rows[best].mean():.4f}, {len(held.users)} users, {seconds['product']:.0f} s",
                flush=True,
            )
            folds.append(rows)
            users.append(held.users.astype(np.int64) + seed * 10_000_000)
    found = pooled(folds, users, 7)
    for name, row in sorted(found["rows"].items(), key=lambda row: -row[1]["value"]):
        print(f"{name:16s} {row['value']:.4f}  [{row['low']:.4f}, {row['high']:.4f}]")
    ratio = found["ratio"]
    print(
        f"published / {found['best_source']}: {ratio['value']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}], "
        f"{found['values']} lists judged"
    )
    if given.json:
        Path(given.json).write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
