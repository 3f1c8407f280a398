"""Small generated data sets, and contexts over them, for tests of the core."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from fusion.config import CoreConfig
from fusion.core.arrays import DAY, Rows, Scores
from fusion.core.parallel import BlockBudget
from fusion.data.dataset import Dataset
from fusion.data.facts import SCHEMA, ItemFacts
from fusion.data.queries.user_queries import UserQueries
from fusion.data.splitting.fold import Fold
from fusion.data.splitting.folds import plan_folds
from fusion.ingest.assemble import as_dataset, in_time_order, number_rows
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import FittedSource, fit
from fusion.models.base.registry import build
from fusion.ranking.candidates import Candidates, candidate_blocks
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.runs.context import RunContext

START = 20_000 * DAY
GENRES = ("action", "drama", "jazz", "noir", "quiz")
QUICK = ("popularity", "ease", "item_knn")


def frame_of(rows: list[tuple[Any, ...]], **more: Any) -> pl.DataFrame:
    """Interactions from (user, item, day[, liked]) rows."""
    full = [(*row, True)[:4] for row in rows]
    users, items, days, liked = zip(*full, strict=True)
    return pl.DataFrame(
        {
            "user": [str(user) for user in users],
            "item": [str(item) for item in items],
            "time": [START + round(day * DAY) for day in days],
            "weight": pl.Series([1.0] * len(full), dtype=pl.Float32),
            "liked": list(liked),
        }
    ).with_columns(**more)


def dataset(
    frame: pl.DataFrame,
    items: pl.DataFrame | None = None,
    users: pl.DataFrame | None = None,
    as_of: int | None = None,
    has_weights: bool = False,
) -> Dataset:
    """Make what `load` makes of cleaned rows: time order, ids by first appearance, tables."""
    frame = in_time_order(frame, as_of)
    user_ids, user_rows = number_rows(frame["user"], users)
    item_ids, item_rows = number_rows(frame["item"], items)
    frame = frame.with_columns(pl.Series("user", user_rows), pl.Series("item", item_rows))
    made = as_dataset(frame, user_ids, item_ids, {"items": items, "users": users}, as_of)
    return made if not has_weights else replaced(made, has_weights=True)


def replaced(data: Dataset, **changes: Any) -> Dataset:
    """The dataset with some fields changed and nothing cached."""
    fields = {name: getattr(data, name) for name in Dataset.__dataclass_fields__}
    return Dataset(**{**fields, **changes})


def synthetic_interactions(
    seed: int = 0, n_users: int = 60, n_items: int = 50, n_events: int = 2400, loyal: float = 0.6
) -> pl.DataFrame:
    """Interactions with tastes, drifting popularity, repeats, equal times and late items."""
    rng, days = np.random.default_rng(seed), 80
    users = rng.integers(n_users, size=n_events)
    when = np.sort(rng.random(n_events) * days)
    taste = (users % 5 + 5 * rng.integers(n_items // 5, size=n_events)) % n_items
    drift = (when / days * n_items * 0.7).astype(int) + rng.integers(
        n_items * 3 // 10, size=n_events
    )
    items = np.where(rng.random(n_events) < loyal, taste, np.minimum(drift, n_items - 1))
    return pl.DataFrame(
        {
            "user": [f"u{user}" for user in users],
            "item": [f"i{item}" for item in items],
            "time": START + (when * 24).astype(np.int64) * (DAY // 24),
            "weight": rng.integers(1, 6, size=n_events).astype(np.float32),
            "liked": rng.random(n_events) < 0.8,
        }
    )


def item_frame(n_items: int = 50, seed: int = 1) -> pl.DataFrame:
    """A catalogue: text, categories (some none), a number, and items not always available."""
    rng = np.random.default_rng(seed)
    categories = [
        [GENRES[i % 5], *([GENRES[(i + 2) % 5]] if i % 3 == 0 else [])] if i % 11 else []
        for i in range(n_items)
    ]
    return pl.DataFrame(
        {
            "id": [f"i{i}" for i in range(n_items)],
            "text": [
                f"a tale of {GENRES[i % 5]} and {GENRES[(i * 3) % 5]} number {i}"
                for i in range(n_items)
            ],
            "genres": categories,
            "year": rng.integers(1950, 2020, size=n_items).astype(np.float64),
            "available_from": pl.Series(
                [START + 60 * DAY if i % 17 == 3 else None for i in range(n_items)], dtype=pl.Int64
            ),
            "available_until": pl.Series(
                [START + 30 * DAY if i % 17 == 5 else None for i in range(n_items)], dtype=pl.Int64
            ),
        },
        schema_overrides={"genres": pl.List(pl.String)},
    )


def user_frame(n_users: int = 60) -> pl.DataFrame:
    """Users with a category and a number; one of them never did anything."""
    names = [f"u{u}" for u in range(n_users)] + ["nobody"]
    sexes = [("f", "m", None)[at % 3] for at in range(len(names))]
    return pl.DataFrame({"id": names, "sex": sexes, "age": np.arange(len(names)) + 20.0})


def described(data: Dataset) -> Dataset:
    """The dataset with vectors, also of users, facts and queries; one fact in three has a date."""
    numbers = data.item_ids.values.str.extract(r"(\d+)").cast(pl.Int64).to_list()
    rows = []
    for item, number in enumerate(numbers):
        rows.append((item, "maker", f"m{number % 7}", None))
        rows.append((item, "award", f"a{number % 3}", START + number * 2 * DAY))
        rows.append((item, "place", f"p{number % 4}", None))
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    facts = ItemFacts(table, ("award", "maker", "place")).before(data.as_of)
    vectors = np.array([[np.sin(number), np.cos(number)] for number in numbers], np.float32)
    ages = data.user_ids.values.str.extract(r"(\d+)").cast(pl.Int64).fill_null(99).to_numpy()
    of_users = np.column_stack([np.sin(ages), np.cos(ages)]).astype(np.float32)
    return replaced(
        data,
        facts=facts,
        vectors={"pictures": vectors},
        user_vectors={"faces": of_users},
        queries=asked(data),
    )


def asked(data: Dataset) -> UserQueries:
    """What users wrote, by their ids, once in ten days; encoded, as far as the dataset knows."""
    numbers = data.user_ids.values.str.extract(r"(\d+)").cast(pl.Int64).fill_null(99).to_numpy()
    users = np.repeat(np.arange(data.n_users, dtype=np.int32), 8)
    nth = np.tile(np.arange(8), data.n_users)
    words = np.arange(7)
    items = data.item_ids.values.str.extract(r"(\d+)").cast(pl.Int64).to_numpy() * 2
    return UserQueries(
        users=users,
        times=START + (np.repeat(numbers % 10, 8) + 10 * nth) * DAY,
        texts=((np.repeat(numbers, 8) + nth) % 7).astype(np.int32),
        words=pl.Series([f"word {word}" for word in words]),
        encoder="by hand",
        vectors=np.column_stack([np.sin(words), np.cos(words)]).astype(np.float32),
        item_vectors=np.column_stack([np.sin(items), np.cos(items)]).astype(np.float32),
    ).before(data.as_of)


def config(sources: tuple[Any, ...] = QUICK, **more: Any) -> CoreConfig:
    """A configuration small enough for a run of a second; a source is a name or a whole entry."""
    entries = [{"name": source} if isinstance(source, str) else source for source in sources]
    ranker = {"trees": 30, "patience": 10, "seeds": 1, "min_leaf": 5, **more.pop("ranker", {})}
    split = {"users": 40, "folds": 2, **more.pop("split", {})}
    lists = {"size": 5, "reserve": 3, **more.pop("lists", {})}
    small = {"threads": 1, "device": "cpu", "tune": {"trials": 0}, **more}
    return CoreConfig(sources=entries, ranker=ranker, split=split, lists=lists, **small)


def context_of(root: Path, data: Dataset, settings: CoreConfig) -> RunContext:
    """A context over folds planned as `flows` plans them."""
    plan = plan_folds(
        data, settings.split, seen=not settings.lists.exclude_seen, seed=settings.seed
    )
    return RunContext(settings, data, plan, root)


def fitted(
    use: str, known: Dataset, settings: dict[str, Any] | None = None, k: int = 10
) -> FittedSource:
    """Fit a source as a run does: on what the fold knows, without users who came later."""
    model = build(use, settings)
    context = FitContext(rng=np.random.default_rng([7, len(use)]), max_steps=5)
    return fit(use, model, known.trim_users(), k, context)


def columns_by_pair(
    sources: list[FittedSource], fold: Fold, users: Rows, allowed: Allowed
) -> dict[tuple[str, str], tuple[Any, ...]]:
    """(user id, item id) -> scores, places and features, as bytes that compare exactly."""
    columns_of: dict[tuple[str, str], tuple[Any, ...]] = {}
    statistics = ItemStatistics(fold.known)
    for block in candidate_blocks(sources, fold, users, allowed, BlockBudget(2**20, 1)):
        names = fold.known.user_ids.texts(block.users.rows[block.pairs.owners]).to_list()
        items = fold.known.item_ids.texts(block.pairs.items).to_list()
        columns = exact_columns(block, statistics)
        for at, pair in enumerate(zip(names, items, strict=True)):
            columns_of[pair] = tuple(
                (name, column[at].tobytes()) for name, column in columns.items()
            )
    return columns_of


def exact_columns(block: Candidates, statistics: ItemStatistics) -> dict[str, Scores]:
    """Scores, places and features of a block by name, NaN in one spelling."""
    columns = dict(feature_columns(block, statistics))
    for at, name in enumerate(block.names):
        columns[f"{name} score"], columns[f"{name} place"] = (
            block.scores[:, at],
            block.places[:, at],
        )
    return {
        name: np.where(np.isnan(c), np.float32(np.nan), c).astype(np.float32)
        for name, c in columns.items()
    }


def slow_labels(
    frame: pl.DataFrame, known: pl.DataFrame, held_out: pl.DataFrame, may: Callable[[str], bool]
) -> set[Any]:
    """Labels by their definition: held-out liked pairs, new to the user, that may be listed."""
    seen = set(known.select("user", "item").iter_rows())
    pairs = set(held_out.filter("liked").select("user", "item").iter_rows())
    return {pair for pair in pairs if pair not in seen and may(pair[1])}


def synthetic_dataset() -> Dataset:
    """A dataset with enough items that nobody has seen all, and tastes that sources find."""
    return dataset(
        synthetic_interactions(seed=3, n_users=80, n_items=160, n_events=2800, loyal=0.85),
        item_frame(160),
        user_frame(80),
        has_weights=True,
    )
