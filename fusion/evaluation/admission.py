"""Admission: whether a run may be published at all."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from fusion.core.arrays import Rows, contains
from fusion.evaluation.check import EXAMPLES, Check
from fusion.evaluation.evaluate import Verdict
from fusion.evaluation.feature_shift import past
from fusion.lists.batch import feature_sample
from fusion.lists.compiled_rules import Rules
from fusion.runs.context import RunContext

LEAST = 10
"""Users to be judged by, at least: of fewer any resample looks like the others."""


def admit(
    context: RunContext,
    verdict: Verdict,
    lists: Path,
    shift: Mapping[str, float],
    rules: Rules | None = None,
) -> list[Check]:
    """Every check of a run; it is admitted when all hold.

    `lists` is the folder of the lists to publish, `shift` what `feature_shift` found of it.
    """
    return [
        _beats_random(verdict),
        _keeps_up(context, verdict),
        *check_lists(context, lists, rules),
        check_features(context, shift),
    ]


def _beats_random(verdict: Verdict) -> Check:
    gap, users = verdict.random_gap, verdict.report["users"]
    if users < LEAST:
        return Check(
            "beats random",
            False,
            f"judged on {users} users; {LEAST} are needed to tell skill from luck",
        )
    message = (
        f"what is chosen minus random is {gap.value:+.4f} NDCG@10 [{gap.low:+.4f}, {gap.high:+.4f}] on users that did "
        "not choose it; the lower bound must be above 0"
    )
    return Check("beats random", gap.low > 0, message)


def _keeps_up(context: RunContext, verdict: Verdict) -> Check:
    name = "keeps up with live"
    gap, gate = verdict.live_gap, context.config.gate
    if gap is None or verdict.live_users < gate.users:
        return Check(
            name,
            True,
            f"not judged: {verdict.live_users} users have labels later than what live knew",
        )
    floor = -gate.max_loss * verdict.live_ndcg
    message = (
        f"minus the live lists: {gap.value:+.4f} NDCG@10 [{gap.low:+.4f}, {gap.high:+.4f}] over "
        f"{verdict.live_users} users; gate.max_loss = {gate.max_loss:g} allows {floor:+.4f}"
    )
    return Check(name, gap.value >= floor, message)


def check_features(context: RunContext, shift: Mapping[str, float]) -> Check:
    """Whether steady features mean in the serving table what they meant in the last training table."""
    name, limit, users = (
        "features keep their meaning",
        context.config.gate.max_feature_psi,
        len(feature_sample(context)),
    )
    if users < context.config.gate.users:
        return Check(
            name,
            True,
            f"not judged: {users} users are in both tables, gate.users = {context.config.gate.users}",
        )
    over = past(shift, limit)
    if not over:
        most = next(
            (f"; the most is {value:.2f}, {feature}" for feature, value in shift.items()), ""
        )
        return Check(
            name,
            True,
            f"PSI of {len(shift)} features is within gate.max_feature_psi = {limit:g}{most}",
        )
    some = ", ".join(f"{feature} {value:.2f}" for feature, value in list(over.items())[:EXAMPLES])
    message = (
        f"{len(over)} of {len(shift)} features moved between the last training table and what is served by a PSI above "
        f"gate.max_feature_psi = {limit:g}, e.g. {some}; look for weights in another unit, or a source gone silent, "
        "since the last window began"
    )
    return Check(name, False, message, len(over))


def check_lists(context: RunContext, folder: Path, rules: Rules | None = None) -> list[Check]:
    """The lists' contract: whole unless nothing is left, nothing twice, seen or unavailable, scores in order."""
    lists = pl.read_parquet(folder / "lists.parquet")
    users, items = lists["user"].to_numpy(), lists["item"].to_numpy()
    keys = users.astype(np.int64) * context.data.n_items + items
    known = context.plan.serving.known
    seen = contains(
        np.sort(known.users.astype(np.int64) * context.data.n_items + known.items), keys
    )
    same = np.append(False, users[1:] == users[:-1])
    scores, ranks = lists["score"].to_numpy(), lists["rank"].to_numpy()
    rising = same & np.append(False, scores[1:] > scores[:-1])
    holes = ranks != np.where(same, np.append(0, ranks[:-1]) + 1, 1)
    repeated = np.ones(len(keys), bool)
    repeated[np.unique(keys, return_index=True)[1]] = False
    broken = {
        "ranks run from 1": holes,
        "no item twice": repeated,
        "nothing unavailable": ~context.allowed(context.plan.serving.cut).items[items],
        "scores are finite": ~np.isfinite(scores),
        "scores do not rise with rank": rising,
    }
    if context.config.lists.exclude_seen:
        broken["nothing the user has met"] = seen
    if rules:
        broken["nothing blocked"] = rules.blocked.hits(users, items)
        broken["nothing an allow list leaves out"] = rules.outside(users, items)
    checks = [
        _none_broken(context, name, lists.filter(pl.Series(rows))) for name, rows in broken.items()
    ]
    return [_whole(context, rules, lists, pl.read_parquet(folder / "served.parquet")), *checks]


def _whole(
    context: RunContext, rules: Rules | None, lists: pl.DataFrame, served: pl.DataFrame
) -> Check:
    """Every user with a history has `size` items, or fewer are left that may be shown to them."""
    counts = np.bincount(lists["user"].to_numpy(), minlength=context.data.n_users)
    users = served.filter(pl.col("route") != "cold")["user"].to_numpy()
    short = users[counts[users] < context.config.lists.size]
    left = _left(context, rules, short)
    wrong = short[counts[short] < np.minimum(left, context.config.lists.size)]
    if len(wrong):
        message = f"{len(wrong)} users have items left but short lists"
        return _broken(
            context,
            "lists are whole",
            message,
            len(wrong),
            pl.DataFrame({"user": wrong[:EXAMPLES]}),
        )
    fine = f"{len(users)} users; {len(short)} have fewer than {context.config.lists.size} because they met all the rest"
    fine += " or rules leave no more" if rules else ""
    return Check("lists are whole", True, fine)


def _left(context: RunContext, rules: Rules | None, users: Rows) -> Rows:
    """How many items may be shown to each of `users` (n,)."""
    found = np.zeros(len(users), np.int32)
    rules = rules or Rules.none(context.data)
    serving = context.plan.serving
    for some, allowed in rules.user_groups(users, context.allowed(serving.cut)):
        block = serving.known.users_at(some, serving.as_of[some])
        items = np.flatnonzero(allowed.items & ~rules.blocked.items)
        gone = block.seen * (not allowed.seen) + rules.blocked.of_users(some)
        found[np.isin(users, some)] = len(items) - (gone[:, items] > 0).sum(axis=1)
    return found


def _none_broken(context: RunContext, name: str, broken: pl.DataFrame) -> Check:
    if not len(broken):
        return Check(name, True, "holds for every row")
    some = broken.select("user", "rank", "item").head(EXAMPLES)
    return _broken(context, name, f"{len(broken)} rows break it", len(broken), some)


def _broken(context: RunContext, name: str, message: str, count: int, some: pl.DataFrame) -> Check:
    """A check that does not hold, with example rows by number and by outside id."""
    ids = {"user": context.data.user_ids, "item": context.data.item_ids}
    named = [column for column in ids if column in some.columns]
    texts = some.with_columns(
        ids[column].texts(some[column].to_numpy()).alias(column) for column in named
    )
    return Check(name, False, message, count, tuple(some.to_dicts()), tuple(texts.to_dicts()))
