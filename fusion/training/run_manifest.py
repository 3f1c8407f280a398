"""The manifest of a training: all that the core knows of how a run was made."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import polars as pl

from fusion.core.defaults import all_defaults
from fusion.core.settings import config_hash
from fusion.data.dataset import Dataset
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.ranking.method import RANDOM
from fusion.runs.context import RunContext
from fusion.runs.environment import environment
from fusion.runs.manifest import (
    DataSummary,
    ExplainedUsers,
    FitRow,
    ListCounts,
    Manifest,
    PriorRow,
    RulesSummary,
    SourceRow,
    TunedRow,
)
from fusion.runs.monitoring_samples import sampled_days
from fusion.runs.run_folder import ListFiles, ListsFolder
from fusion.training.pipeline import Trained
from fusion.training.source_fits import SourceFit


def training_manifest(context: RunContext, trained: Trained) -> Manifest:
    """Return the manifest of a training, without secrets, ids and example rows of findings.

    Who calls adds what the core does not know: placement, times, what loading counted and found.

    Args:
        context: the training's context; its `used` names the stages.
        trained: what the training made.
    """
    data, config = context.data, context.config
    lists = ListsFolder(trained.lists)
    # Counted while lists were made: a training that takes them from the store reads them here.
    notes: dict[str, Any] = json.loads(lists.notes.read_text())
    return Manifest(
        data=DataSummary(
            hash=data.digest,
            interactions=len(data),
            users=data.n_users,
            items=data.n_items,
            liked_weight=liked_weight(data),
        ),
        config={"hash": config_hash(config), **config.model_dump(mode="json")},
        seed=config.seed,
        device=context.device,
        threads=context.threads,
        environment=environment(),
        sources=[SourceRow(**asdict(report)) for report in trained.sources],
        tuned=[TunedRow(**asdict(one)) for one in trained.tuned],
        fits=serving_fits(trained),
        method=trained.method,
        trees=trained.trees,
        importance=trained.importance,
        source_prior=asdict(trained.source_prior) if trained.source_prior else None,
        priors=[PriorRow(**asdict(prior)) for prior in trained.priors],
        feature_psi=trained.shift,
        serving=trained.serving.model_dump(mode="json"),
        exposure=trained.exposure.model_dump(mode="json"),
        estimate=trained.estimate.model_dump(mode="json") if trained.estimate else {},
        cold_users=_cold_users(lists, trained),
        sampled_days=sampled_days(context.plan, config.split),
        verdict=trained.verdict.report.model_dump(mode="json"),
        checks=[check.as_dict() for check in trained.checks],
        lists=count_lists(lists, config.lists.size),
        stages=sorted(context.used),
        rules=_rules_summary(trained.rules, notes),
        why=ExplainedUsers(users=notes["explained"], of=notes["listed"]),
        defaults=all_defaults(),
    )


def count_lists(files: ListFiles, size: int) -> ListCounts:
    """Count rows and users of lists, and users who should have more items than they have.

    These are users with a history, and those without one who have a list from attributes, with
    fewer items than `size`.

    Args:
        files: a folder of lists or a run folder.
        size: items that a list shows.
    """
    lengths = pl.scan_parquet(files.lists).group_by("user").len().collect()["len"]
    served = pl.scan_parquet(files.served)
    with_history = served.filter(pl.col("route") != "cold").select(pl.len()).collect().item()
    due = with_history + _n_cold_lists(files)
    whole = (lengths >= size).sum()
    return ListCounts(rows=int(lengths.sum()), users=len(lengths), short=int(due - whole))


def _n_cold_lists(files: ListFiles) -> int:
    """Count users without a history who have a list."""
    cold = pl.scan_parquet(files.served).filter(pl.col("route") == "cold").select("user")
    listed = pl.scan_parquet(files.lists).select(pl.col("user").unique())
    return int(cold.join(listed, on="user", how="semi").select(pl.len()).collect().item())


def _cold_users(files: ListFiles, trained: Trained) -> dict[str, Any]:
    """Return what was found of lists from attributes, and how many were made."""
    if trained.cold_users is None:
        return {}
    return {**trained.cold_users.model_dump(mode="json"), "lists": _n_cold_lists(files)}


def liked_weight(data: Dataset) -> float:
    """Return the median weight of liked interactions.

    Args:
        data: what was trained on.

    Returns:
        The median; 1 where nothing is liked.
    """
    return float(np.median(data.weights[data.liked])) if data.liked.any() else 1.0


def serving_fits(trained: Trained) -> list[FitRow]:
    """Return the fits that serve, by which requests find them.

    Args:
        trained: what the training made.
    """
    return [_fit_row(one) for one in trained.serving_fits if one.name != RANDOM]


def _fit_row(source: SourceFit) -> FitRow:
    recipe = source.fit.stage.inputs.model
    return FitRow(
        name=source.name,
        use=recipe.use,
        settings=recipe.settings,
        stage=f"{source.fit.stage.name}/{source.fit.key}",
        n_items=source.fit.notes["n_items"],
        k=source.k,
    )


def _rules_summary(rules: Rules | None, notes: dict[str, Any]) -> RulesSummary | None:
    """Summarise the rules that made the lists, with the rows that each moved; None without any."""
    if rules is None:
        return None
    return RulesSummary(
        hash=rules.source.hash,
        blocked_items=int(rules.blocked.items.sum()),
        blocked_pairs=len(rules.blocked.pairs),
        open_items=int(rules.open_items().sum()),
        moved=notes["moved"],
        exposure=notes["exposure"],
    )
