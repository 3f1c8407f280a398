"""Checks of admission on the lists: the contract that every published list keeps."""

import numpy as np
import polars as pl

from fusion.core.arrays import Rows, contains
from fusion.evaluation.check import EXAMPLES, Check, check, passes
from fusion.evaluation.checks.evidence import REPORT_IT, ListsEvidence
from fusion.lists.business_rules.compiled_rules import Rules


@check("lists are whole", needs="lists")
def lists_are_whole(evidence: ListsEvidence) -> Check:
    """Check that every user with a history has `size` items, or all that may be shown to them.

    So does each user without one who has a list, from attributes.

    Returns:
        A check with the users whose lists are short though items are left.
    """
    size, n_users = evidence.context.config.lists.size, evidence.context.data.n_users
    lengths = np.bincount(evidence.users, minlength=n_users)
    served = pl.read_parquet(evidence.folder.served)
    users = served.filter(pl.col("route") != "cold")["user"].to_numpy()
    users = np.union1d(users, evidence.users)
    short = users[lengths[users] < size]
    # Only short lists are counted out item by item: they are few.
    possible = np.minimum(_n_showable(evidence, short), size)
    wrong = short[lengths[short] < possible]
    if len(wrong):
        message = f"{len(wrong)} users have items left but short lists; {REPORT_IT}"
        return evidence.failure(message, len(wrong), pl.DataFrame({"user": wrong[:EXAMPLES]}))
    message = (
        f"{len(users)} users; {len(short)} have fewer than {size} because they have seen the rest"
    )
    return passes(message + (" or rules leave no more" if evidence.rules else ""))


def _n_showable(evidence: ListsEvidence, users: Rows) -> Rows:
    """Count the items that may be shown to each of `users` (n,)."""
    context = evidence.context
    rules, serving = evidence.rules or Rules.none(context.data), context.plan.serving
    counts = np.zeros(len(users), np.int32)
    for group, allowed in rules.user_groups(users, context.allowed(serving.cut)):
        histories = serving.known.users_at(group, serving.as_of[group])
        items = np.flatnonzero(allowed.items & ~rules.blocked.items)
        # Seen and blocked items are counted once where they are both.
        refused = histories.seen * (not allowed.seen) + rules.blocked.of_users(group)
        n_refused = (refused[:, items] > 0).sum(axis=1)
        counts[np.isin(users, group)] = len(items) - n_refused
    return counts


@check("ranks run from 1", needs="lists")
def ranks_run_from_one(evidence: ListsEvidence) -> Check:
    """Check that each list begins at rank 1 and has no hole.

    Returns:
        A check with the rows after a hole.
    """
    next_ranks = np.append(0, evidence.ranks[:-1]) + 1
    expected = np.where(evidence.continues, next_ranks, 1)
    return evidence.none_broken(evidence.ranks != expected)


@check("no item twice", needs="lists")
def no_item_twice(evidence: ListsEvidence) -> Check:
    """Check that no list names an item twice.

    Returns:
        A check with the rows that repeat an item.
    """
    repeated = np.ones(len(evidence.pair_keys), bool)
    first_places = np.unique(evidence.pair_keys, return_index=True)[1]
    # `unique` gives the first row of each pair; what is left repeats one.
    repeated[first_places] = False
    return evidence.none_broken(repeated)


@check("nothing unavailable", needs="lists")
def nothing_unavailable(evidence: ListsEvidence) -> Check:
    """Check that every listed item is available at the time of serving.

    Returns:
        A check with the rows that name another item.
    """
    allowed = evidence.context.allowed(evidence.context.plan.serving.cut)
    return evidence.none_broken(~allowed.items[evidence.items])


@check("scores are finite", needs="lists")
def scores_are_finite(evidence: ListsEvidence) -> Check:
    """Check that no score is NaN or infinite.

    Returns:
        A check with the rows of other scores.
    """
    return evidence.none_broken(~np.isfinite(evidence.scores))


@check("scores do not rise with rank", needs="lists")
def scores_do_not_rise(evidence: ListsEvidence) -> Check:
    """Check that scores order each list as its ranks do.

    Returns:
        A check with the rows above whose score the next one rises.
    """
    higher = np.append(False, evidence.scores[1:] > evidence.scores[:-1])
    return evidence.none_broken(evidence.continues & higher)


@check("nothing the user has met", needs="lists")
def nothing_seen(evidence: ListsEvidence) -> Check | None:
    """Check that no list names an item of the user's history.

    Returns:
        A check with the rows that do; None where `lists.exclude_seen` is off.
    """
    if not evidence.context.config.lists.exclude_seen:
        return None
    known = evidence.context.plan.serving.known
    seen_keys = np.sort(evidence.key_of(known.users, known.items))
    return evidence.none_broken(contains(seen_keys, evidence.pair_keys))


@check("nothing blocked", needs="lists")
def nothing_blocked(evidence: ListsEvidence) -> Check | None:
    """Check that no list names an item that is blocked for everyone or for its user.

    Returns:
        A check with the rows that do; None without rules.
    """
    if not evidence.rules:
        return None
    return evidence.none_broken(evidence.rules.blocked.hits(evidence.users, evidence.items))


@check("nothing an allow list leaves out", needs="lists")
def nothing_outside_allow_lists(evidence: ListsEvidence) -> Check | None:
    """Check that lists keep to the allow lists of their users.

    Returns:
        A check with the rows that do not; None without rules.
    """
    if not evidence.rules:
        return None
    return evidence.none_broken(evidence.rules.outside(evidence.users, evidence.items))
