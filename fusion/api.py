"""The loop's core from Python: data in, fused recommenders out, without any database or orchestrator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl

from fusion.config import CoreConfig
from fusion.core.progress import Progress, no_progress
from fusion.core.torch_runtime import device_for
from fusion.data.dataset import Dataset
from fusion.data.folds import plan_folds
from fusion.errors import UnknownName
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from fusion.lists.blocked import NO_BLOCKS
from fusion.lists.resolve_rules import usable
from fusion.lists.rules import RuleSet
from fusion.runs.context import RunContext
from fusion.training.pipeline import Trained, train


def from_frames(
    interactions: pl.DataFrame,
    items: pl.DataFrame | None = None,
    users: pl.DataFrame | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Dataset:
    """Make a Dataset from frames, checked and cleaned as files are.

    `settings` are those of `[data]` in the configuration, such as `{"columns": {"user": "userId",
    "time": "ts"}}`. Raises DataError that lists every finding of severity error, pydantic's
    ValidationError for wrong settings.
    """
    given = {"interactions": interactions, "items": items, "users": users}
    frames = {name: frame for name, frame in given.items() if frame is not None}
    places = {name: {"url": "frame", "query": name} for name in frames}
    wanted = DataSettings(**{**(settings or {}), **places})
    return load(wanted, Path(), None, lambda _, name: frames[name]).dataset


@dataclass(frozen=True)
class Fused:
    """A finished training: every user's list, the verdict, and the checks that say whether it may be published."""

    data: Dataset
    trained: Trained

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict as the manifest holds it: `chosen`, `rows`, `difference`, `reported`, `routes`, ..."""
        return self.trained.verdict.report.model_dump(mode="json")

    @property
    def admitted(self) -> bool:
        """Whether every check of publishing holds."""
        return self.trained.admitted


def fit_fusion(
    data: Dataset,
    config: CoreConfig | None = None,
    root: Path | None = None,
    progress: Callable[[str], Progress] = no_progress,
    rules: RuleSet | None = None,
) -> Fused:
    """Train the sources, fuse them, judge all on the verdict fold and make every user's list.

    `root`: folder of the store of stages, which later calls reuse; a new temporary folder by
    default. `rules`: what lists follow, as `fusion.lists.rules.read_rules` gives it. Raises
    ConfigError and DataError as `fusion run` does; a run that is not admitted raises nothing: look
    at `admitted`.
    """
    config = config or CoreConfig()
    plan = plan_folds(data, config.split, seen=not config.lists.exclude_seen, seed=config.seed)
    folder = root or Path(mkdtemp(prefix="fusion-"))
    kept = usable(rules or RuleSet(), data, NO_BLOCKS, config.lists.size)[0]
    context = RunContext(config, data, plan, folder, device_for(config.device), progress=progress)
    return Fused(data, train(context, rules=kept))


def recommend(fused: Fused, users: Sequence[str], k: int = 10) -> pl.DataFrame:
    """Lists of some users: user_id, rank from 1, item_id, score; users without a history get what is popular.

    Raises UnknownName for an id that the data does not hold.
    """
    rows = fused.data.user_ids.rows(pl.Series("id", [str(user) for user in users], dtype=pl.String))
    for user, row in zip(users, rows, strict=True):
        if row < 0:
            raise UnknownName("user", str(user), fused.data.user_ids.values.head(1000))
    wanted = pl.DataFrame({"user_id": [str(user) for user in users], "user": rows})
    lists = pl.read_parquet(fused.trained.lists / "lists.parquet").filter(pl.col("rank") <= k)
    fallback = pl.read_parquet(fused.trained.lists / "fallback.parquet").filter(pl.col("rank") <= k)
    listed = wanted.join(lists, on="user", how="inner", maintain_order="left_right")
    others = wanted.join(lists, on="user", how="anti", maintain_order="left")
    popular = others.join(fallback.filter(pl.col("segment") == "all"), how="cross")
    columns = ["user_id", "rank", "item", "score"]
    found = pl.concat([listed.select(columns), popular.select(columns)])
    items = fused.data.item_ids.texts(found["item"].to_numpy()).alias("item_id")
    return found.with_columns(items).select("user_id", "rank", "item_id", "score")
