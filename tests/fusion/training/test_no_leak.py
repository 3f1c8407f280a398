"""Nothing of the future reaches a table: without labels and everything later, no bit moves."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fusion.config import PriorSettings, SplitSettings
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Fold, Plan
from fusion.data.splitting.folds import plan_folds
from fusion.lists.business_rules.resolve_priors import with_priors
from fusion.models.base.allowed import Allowed
from fusion.models.base.registry import known as registered
from fusion.ranking.features.registry import FEATURES
from fusion.runs.context import RunContext
from fusion.training.fits import fit_sources
from fusion.training.source_fits import load_sources
from tests.fusion.making import (
    columns_by_pair,
    config,
    dataset,
    described,
    fitted,
    item_frame,
    replaced,
    synthetic_interactions,
    user_frame,
)

KINDS = ("time", "last", "random")
NUMBERED_BY_CATALOGUE = {"content"}
"""Score items without history, whose row numbers a shorter history changes.

Bits of a mean over all of them move.
"""
SETTINGS = {name: {"encoder": "tfidf"} for name in ("content", "content_map", "neural")}
"""N-grams learn from the data, where an encoder that was trained elsewhere could leak nothing."""
USES = sorted(set(registered()) - {"random"})


def all_known(data: Dataset) -> Dataset:
    """The dataset with vectors, facts, queries and a prior."""
    rule = PriorSettings(name="mine", history=["genres=jazz"], items=["genres=noir"])
    return with_priors(described(data), [rule])[0]


@cache
def made(kind: str) -> tuple[pl.DataFrame, Dataset, Plan]:
    frame = synthetic_interactions(seed=3)
    if kind == "random":
        frame = frame.drop("time")
    data = all_known(dataset(frame, item_frame(), user_frame(), has_weights=True))
    plan = plan_folds(data, SplitSettings(kind=kind, users=20, folds=2), seed=5)
    assert plan.kind == kind
    assert len(plan.labels) == 2
    return frame, data, plan


def slow_known(data: Dataset, kind: str, fold: Fold, at: int) -> np.ndarray:
    """Rows a fold may know, by a loop over the raw events; `at` counts back from 0 = verdict."""
    keep = np.ones(len(data), bool)
    if kind == "time":
        return data.times < fold.cut
    if kind == "random":
        share = np.floor(shares(5, data.users, data.items) * np.float32(10))
        return (share != 0) & (share != at)
    for user in range(data.n_users):
        rows = np.flatnonzero(data.users == user)
        liked = rows[data.liked[rows]]
        first = rows[0] if len(rows) else 0
        gone = liked[-(at + 1)] if len(liked) > at else first
        keep[rows[rows >= gone]] = False
    return keep


def deleted(data: Dataset, keep: np.ndarray, as_of: int) -> Dataset:
    """A dataset that never had the other rows."""
    rows = {
        name: getattr(data, name)[keep].copy()
        for name in ("users", "items", "times", "weights", "liked")
    }
    queries = data.queries.before(as_of)
    return replaced(data, **rows, as_of=as_of, facts=data.facts.before(as_of), queries=queries)


def written_before(data: Dataset, as_of: np.ndarray) -> Dataset:
    """A dataset that never knew what users wrote at their own moment or after it."""
    queries = data.queries
    past = np.flatnonzero(queries.times < as_of[queries.users])
    kept = {name: getattr(queries, name)[past] for name in ("users", "times", "texts")}
    return replaced(data, queries=replace(queries, **kept))


def folds_of(plan: Plan) -> list[tuple[int, Fold]]:
    return list(enumerate((plan.verdict, *reversed(plan.labels))))


def everyone(data: Dataset) -> np.ndarray:
    return np.arange(data.n_users, dtype=np.int32)


def usable(use: str, kind: str) -> bool:
    return kind != "random" or "times" not in registered()[use].needs


@pytest.mark.parametrize("kind", KINDS)
def test_a_fold_knows_nothing_of_its_labels_or_later(kind):
    _, data, plan = made(kind)
    for at, fold in folds_of(plan):
        want = slow_known(data, kind, fold, at)
        assert deleted(data, want, fold.known.as_of).digest == fold.known.digest
        assert 0 < want.sum() < len(data)
        pairs = set(zip(fold.known.users.tolist(), fold.known.items.tolist(), strict=True))
        assert not pairs & set(
            zip(fold.label_users.tolist(), fold.label_items.tolist(), strict=True)
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use", USES)
def test_deleting_labels_and_everything_later_moves_no_bit(kind, use):
    if not usable(use, kind):
        pytest.skip("needs times, which this data has none of")
    _, data, plan = made(kind)
    for at, fold in folds_of(plan):
        allowed = Allowed(data.listable(fold.cut))
        whole = columns_by_pair(
            [fitted(use, fold.known, SETTINGS.get(use))], fold, everyone(data), allowed
        )
        known = deleted(data, slow_known(data, kind, fold, at), fold.known.as_of)
        as_of = known.last_times + 1 if kind == "last" else np.full(data.n_users, known.as_of)
        known = written_before(known, as_of)
        short = Fold(fold.name, known, as_of, fold.cut, fold.label_users[:0], fold.label_items[:0])
        cut = columns_by_pair(
            [fitted(use, known, SETTINGS.get(use))], short, everyone(data), allowed
        )
        assert whole == cut
        assert len(whole) > data.n_users


SMALL = {"size": 8, "steps": 40, "check": 10, "negatives": 32}
WARM = {"name": "neural", "refit": "warm", "settings": {**SMALL, "encoder": "tfidf"}}


def chained(
    root: Path, plan: Plan, data: Dataset, folds: list[Fold]
) -> dict[str, tuple[str, dict[str, bytes]]]:
    """Fold name -> key of a warm fit made after those before it, and all that it learned."""
    context = RunContext(
        config((WARM,)), data, replace(plan, serving=replace(plan.serving, known=data)), root
    )
    fitted = fit_sources(context, folds)
    chain = {}
    for fold in folds:
        source = load_sources(fitted.on(fold), context.runtime)[0]
        learned = {name: values.tobytes() for name, values in source.model.state().items()}
        chain[fold.name] = (fitted.fits[fold.name]["neural"].key, learned)
    return chain


@pytest.mark.parametrize("kind", ["time", "last"])
def test_a_chain_of_warm_fits_knows_nothing_of_labels_or_later(kind, tmp_path):
    """On data that physically ends with what a fold knows, the chain up to it is the same."""
    _, data, plan = made(kind)
    oldest_first = [fold for _, fold in reversed(folds_of(plan))]
    whole = chained(tmp_path / "whole", plan, data, oldest_first)
    assert len({key for key, _ in whole.values()}) == len(oldest_first)
    assert all("warm ids" in learned for _, learned in whole.values())
    short = []
    for at, fold in reversed(folds_of(plan)):
        known = deleted(data, slow_known(data, kind, fold, at), fold.known.as_of)
        as_of = known.last_times + 1 if kind == "last" else np.full(data.n_users, known.as_of)
        short.append(
            Fold(fold.name, known, as_of, fold.cut, fold.label_users[:0], fold.label_items[:0])
        )
        assert chained(tmp_path / fold.name, plan, known, short) == {
            one.name: whole[one.name] for one in short
        }


@pytest.mark.parametrize("use", [use for use in USES if use not in NUMBERED_BY_CATALOGUE])
def test_a_time_fold_equals_a_load_as_of_its_cut(use):
    """The file as it was then gives the same ids, candidates, scores and features."""
    frame, data, plan = made("time")
    for _, fold in folds_of(plan):
        then = frame.filter(pl.col("time") < fold.cut)
        loaded = all_known(dataset(then, item_frame(), user_frame(), fold.cut, has_weights=True))
        allowed = Allowed(data.listable(fold.cut))
        users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
        whole = columns_by_pair([fitted(use, fold.known, SETTINGS.get(use))], fold, users, allowed)
        short = Fold(
            "then", loaded, np.full(loaded.n_users, fold.cut), fold.cut, users[:0], users[:0]
        )
        same = loaded.user_ids.rows(data.user_ids.texts(users))
        assert (
            columns_by_pair(
                [fitted(use, loaded, SETTINGS.get(use))],
                short,
                same,
                Allowed(loaded.listable(fold.cut)),
            )
            == whole
        )


@pytest.mark.parametrize("use", USES)
def test_another_future_leaves_the_past_alone(use):
    """Items, weights, liking and order of what comes after a cut may be anything."""
    _, data, plan = made("time")
    fold = plan.labels[0]
    later = np.flatnonzero(data.times >= fold.cut)
    mixed = np.random.default_rng(2).permutation(later)
    changes = {}
    for name in ("users", "items", "weights", "liked"):
        changes[name] = getattr(data, name).copy()
        changes[name][later] = changes[name][mixed]
    changes["weights"][later] *= 3
    other = replaced(data, **changes)
    again = plan_folds(
        other, SplitSettings(kind="time", users=10, folds=2, window=plan.window)
    ).labels[0]
    assert again.cut == fold.cut
    assert set(zip(again.label_users, again.label_items, strict=True)) != set(
        zip(fold.label_users, fold.label_items, strict=True)
    )
    allowed = Allowed(data.listable(fold.cut))
    one = columns_by_pair(
        [fitted(use, fold.known, SETTINGS.get(use))], fold, everyone(data), allowed
    )
    two = columns_by_pair(
        [fitted(use, again.known, SETTINGS.get(use))], again, everyone(data), allowed
    )
    assert one == two


def test_counted_features_end_strictly_before_a_users_moment():
    """An event at exactly `as_of` is unknown to features that count before a moment."""
    _, data, plan = made("last")
    fold = plan.verdict
    users = np.flatnonzero(fold.known.user_counts > 3).astype(np.int32)
    allowed = Allowed(data.listable(fold.cut))
    moment = int(np.quantile(fold.known.times, 0.1))
    at_moment = Fold("x", fold.known, np.full(data.n_users, moment), fold.cut, users[:0], users[:0])
    knows_later = fitted(
        "als", fold.known
    )  # proposes items that nobody had taken by then, as a `last` fold does
    before = columns_by_pair(
        [fitted("popularity", fold.known), knows_later], at_moment, users, allowed
    )
    late = fold.known.times >= moment
    items = fold.known.items.copy()
    items[late] = np.random.default_rng(0).permutation(items[late])
    other = replaced(fold.known, items=items)
    moved = Fold("x", other, at_moment.as_of, fold.cut, users[:0], users[:0])
    # The users keep their histories; only what others did at or after the moment has changed.
    after = columns_by_pair(
        [fitted("popularity", other), knows_later], moved, users, Allowed(allowed.items, seen=True)
    )
    counted = [
        one.name for one in FEATURES if one.name.startswith("item_") and one.name != "item_weight"
    ]
    counted.append("popularity score")
    shared = before.keys() & after.keys()
    assert len(shared) > 50
    for pair in shared:
        one, two = dict(before[pair]), dict(after[pair])
        assert {name: one[name] for name in counted} == {name: two[name] for name in counted}
