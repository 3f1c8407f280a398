"""Everything that a training reads, before it computes anything."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine

from flows.session import Session
from flows.steps.keep.forgotten import Forgotten, read_forgotten
from flows.steps.rules import compile_rules, read_rule_set
from flows.steps.run_summaries import require_verdict
from flows.steps.train.realised_pairs import realised_pairs
from fusion.config import CoreConfig
from fusion.core.settings import config_hash
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Plan
from fusion.data.splitting.folds import plan_folds
from fusion.evaluation.live_baseline import Live, judgeable
from fusion.ingest.checks.registry import LiveIds
from fusion.ingest.load import Loaded, load
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.resolve_priors import with_priors
from fusion.lists.business_rules.rules import RuleSet
from fusion.lists.live_lists import LiveLists
from fusion.runs.manifest import Manifest
from storage.reading.live_run import live
from storage.reading.read import fallback_items, lists_of, served_of
from storage.schema.row_objects import LiveRun, RunRow

JUDGED_DEPTH = 10
"""Ranks of the live lists that are read: the verdict compares by NDCG@10."""


@dataclass(frozen=True)
class TrainingInputs:
    """All that a training knows, as it stood in files and SQL when the training began.

    Attributes:
        loaded: the data, findings about it and about rules, and counts of rows.
        plan: the folds that the data is cut into.
        rule_set: the rules by name.
        rules: the same over the rows of the data, with what is blocked; None where there are none.
        live: the live run, with its lists where they can be compared; None where nothing is live.
        forgotten: people who were left out of the data; None where nobody is forgotten.
    """

    loaded: Loaded
    plan: Plan
    rule_set: RuleSet
    rules: Rules | None
    live: Live | None
    forgotten: Forgotten | None

    @property
    def data(self) -> Dataset:
        """The dataset that is trained on."""
        return self.loaded.dataset


def read_inputs(
    session: Session, as_of: datetime | None = None, *, with_live: bool = True
) -> TrainingInputs:
    """Read the rules, the live run and the data, and plan the folds.

    Args:
        session: the configuration and the database.
        as_of: use only what was known before this time; None is everything.
        with_live: compare with the live run; not where that knows what came after `as_of`.

    Returns:
        All that the training needs; nothing is read after it.

    Raises:
        ConfigError: the rules or the key of forgotten people are wrong.
        DataError: the data cannot be read, or not be cut into folds.
    """
    rule_set = read_rule_set(session)
    live_run = live(session.engine, session.placement) if with_live else None
    forgotten = read_forgotten(session.engine)
    loaded = session.timer("load", lambda: read_data(session, as_of, live_run, forgotten))
    data, prior_findings = with_priors(loaded.dataset, session.config.priors)
    rules, findings = compile_rules(session, rule_set, data)
    loaded = replace(loaded, dataset=data)
    loaded.findings.extend([*prior_findings, *findings])
    baseline = _baseline(live_run.run, session.config.core) if live_run else None
    plan = plan_folds(
        data,
        session.config.split,
        seen=not session.config.lists.exclude_seen,
        seed=session.config.seed,
        # A retraining keeps the live run's kind and window, so that figures stay comparable.
        keep=(baseline.kind, baseline.window) if baseline else None,
    )
    if baseline:
        baseline = replace(baseline, realised=realised_pairs(session, plan, data.as_of))
    if baseline and live_run:
        depth = _live_depth(session, is_judged=bool(judgeable(baseline, plan).any()))
        if depth:
            lists = lists_of(session.engine, live_run.run.run_no, depth)
            baseline = replace(baseline, lists=LiveLists.of(lists, data))
    return TrainingInputs(loaded, plan, rule_set, rules, baseline, forgotten)


def read_data(
    session: Session,
    as_of: datetime | None,
    live_run: LiveRun | None,
    forgotten: Forgotten | None = None,
) -> Loaded:
    """Load the data as configured.

    Args:
        session: the configuration; data in SQL is read relative to its folder, too.
        as_of: use only events before this time; None is all of them.
        live_run: what it knew helps to notice re-keyed ids; None where nothing is live.
        forgotten: people to leave out.

    Returns:
        The dataset, findings of its checks, and counts of rows.

    Raises:
        DataError: a finding is an error.
    """
    # Where nothing is live there may be no database yet.
    known = live_ids(session.engine, live_run) if live_run else None
    return load(session.config.data, session.base, as_of, session.read_sql, known, forgotten)


def live_ids(engine: Engine, live_run: LiveRun | None) -> LiveIds | None:
    """Return the users and items that the live run knew by their interactions.

    Args:
        engine: from `connect`.
        live_run: what is live.

    Returns:
        Ids by which re-keyed data is noticed; None where nothing is live.
    """
    if live_run is None:
        return None
    run_no = live_run.run.run_no
    with_history = served_of(engine, run_no).filter(pl.col("route") != "cold")
    key_mark = Manifest.of(live_run.run.manifest).data.key_mark
    return LiveIds(with_history["user_id"], fallback_items(engine, run_no), key_mark)


def hash_inputs(session: Session, rule_set: RuleSet) -> str:
    """Return the hash of the configuration that a run is made by.

    Args:
        session: the configuration.
        rule_set: the rules, whose file is no part of the configuration.

    Returns:
        Hex digits; with those of the rules after a hyphen where a file of them is named.
    """
    configuration = config_hash(session.config.core)
    if session.config.lists.rules:
        return f"{configuration}-{rule_set.hash}"
    return configuration


def _live_depth(session: Session, is_judged: bool) -> int:
    """Return how deep the live lists are read: millions of rows, and only where somebody asks.

    The verdict compares with their beginning, where it can; steady lists hold to all that is shown.
    """
    judged = JUDGED_DEPTH if is_judged else 0
    lists = session.config.lists
    return max(judged, lists.size) if lists.stickiness else judged


def _baseline(run: RunRow, config: CoreConfig) -> Live | None:
    """Return the live run as training compares with it; None without a verdict."""
    if run.verdict is None:
        return None
    require_verdict(run)
    split = run.verdict["split"]
    known_until = int(run.as_of.timestamp() * 1000) if run.as_of else 0
    return Live(
        run.run_id,
        run.method or "",
        split["kind"],
        split["window"],
        known_until,
        left_out=_left_out(Manifest.of(run.manifest), config),
    )


def _left_out(manifest: Manifest, config: CoreConfig) -> dict[str, dict[str, Any]]:
    """Return the sources that a run left out since they did not pay, with what they add.

    Of other sources than those of now it would say nothing: what one adds depends on the others.
    """
    if manifest.config.get("sources") != config.model_dump(mode="json")["sources"]:
        return {}
    left_out = {}
    for source in manifest.sources:
        if source.contribution and not source.contribution.pays and source.status != "used":
            left_out[source.name] = source.contribution.model_dump()
    return left_out
