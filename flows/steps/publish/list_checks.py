"""Checks at publishing on the lists themselves: nothing lost, nothing broken, nothing outdated.

What needs the data, such as that nobody is shown what they have seen, is judged in training, by
`fusion.evaluation.checks.list_checks`. Of what may change since, the run folder keeps until when
items may be shown.
"""

from datetime import UTC, datetime

from flows.steps.item_files import UNTIL, ended_items
from flows.steps.publish.stored_lists import DEPTH, WIDEN, StoredLists
from fusion.core.clocks import is_ahead, utc_now
from fusion.evaluation.check import EXAMPLES, Check, check, fails, passes
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.list_checks import (
    BLOCKED,
    FALLING,
    FINITE,
    RANKS,
    TWICE,
    broken_users,
    distinct_items,
    item_rows,
)

EVER = datetime.min.replace(tzinfo=UTC)
"""A moment before all others."""
ANEW = "train anew, or publish another run"
"""The cure of lists that lost rows or were changed since training."""


@check("lists are whole", needs="sql")
def lists_are_whole(stored: StoredLists) -> Check:
    """Check that no row was lost since training.

    Training wrote down how many users have fewer items than a list shows, for want of more; there
    may not be more of them now.

    Args:
        stored: the run's lists.

    Returns:
        The result; `broken` counts the users who lost rows.
    """
    counts, size = stored.counts, stored.run.list_size
    # Under an allow list of which everyone has met everything, training leaves none either.
    rows_by_training = stored.manifest.lists.rows
    if not counts.row_count and rows_by_training != 0:
        return fails(f"there is no row; {ANEW}", 1)
    if not counts.fallback:
        return fails(f"the fallback has no row; {ANEW}", 1)
    short = max(0, counts.served - counts.whole)
    # Runs of older releases counted nothing: of those no loss can be shown.
    short_by_training = stored.manifest.lists.short
    if short_by_training is not None and short > short_by_training:
        loss = (
            f"{short} users have fewer than {size} items, "
            f"and training left {short_by_training}: rows were lost"
        )
        return fails(f"{loss}; {ANEW}", short - short_by_training)
    return passes(
        f"{counts.users} lists of {counts.row_count} rows; "
        f"{short} users have fewer than {size} items left"
    )


@check(RANKS, needs="sql")
def ranks_run_from_1(stored: StoredLists) -> Check:
    """Check that ranks begin at 1 and have no holes.

    Args:
        stored: the run's lists.

    Returns:
        The result; `broken` counts lists.
    """
    return _no_list_breaks(stored, RANKS)


@check(TWICE, needs="sql")
def no_item_twice(stored: StoredLists) -> Check:
    """Check that no list holds an item twice.

    Args:
        stored: the run's lists.

    Returns:
        The result; `broken` counts lists.
    """
    return _no_list_breaks(stored, TWICE)


@check(FINITE, needs="sql")
def scores_are_finite(stored: StoredLists) -> Check:
    """Check that every score is a finite number.

    Args:
        stored: the run's lists.

    Returns:
        The result; `broken` counts lists.
    """
    return _no_list_breaks(stored, FINITE)


@check(FALLING, needs="sql")
def scores_do_not_rise(stored: StoredLists) -> Check:
    """Check that no score is higher than the one above it.

    Args:
        stored: the run's lists.

    Returns:
        The result; `broken` counts lists.
    """
    return _no_list_breaks(stored, FALLING)


def _no_list_breaks(stored: StoredLists, name: str) -> Check:
    """Check a condition that every list must keep."""
    count, users = stored.counts.broken[name], stored.counts.users
    message = f"{count} of {users} lists break it"
    if count == 0:
        return passes(message)
    return fails(f"{message}; {ANEW}", count, examples=_example_users(stored, name))


def _example_users(stored: StoredLists, name: str) -> tuple[dict[str, str], ...]:
    return tuple({"user": user} for user in broken_users(stored.engine, stored.run, name))


@check(BLOCKED, needs="sql")
def reserve_covers_blocks(stored: StoredLists) -> Check:
    """Check that few lists are cut short by what is blocked now.

    The reserve of each list fills the places of blocked items; where it does not reach, the list
    that people see is short.

    Args:
        stored: the run's lists.

    Returns:
        The result; `broken` counts lists.
    """
    count, users = stored.counts.broken[BLOCKED], stored.counts.users
    limit = stored.gate.max_short
    allowed = limit * users
    message = (
        f"{count} of {users} lists are cut below {stored.run.list_size} items "
        f"by what is blocked now; gate.max_short = {limit:g} allows {int(allowed)}"
    )
    if count <= allowed:
        return passes(message)
    cure = f"end blocks, or train anew: new lists leave out what is blocked; {WIDEN}"
    return fails(f"{message}; {cure}", count, examples=_example_users(stored, BLOCKED))


@check("nothing became unavailable", needs="sql")
def nothing_became_unavailable(stored: StoredLists) -> Check:
    """Check that no listed item's time has ended since the training began.

    A block for everyone hides such an item, which is as good.

    Args:
        stored: the run's lists.

    Returns:
        The result; `broken` counts rows.
    """
    run = stored.run
    folder = folder_of(stored.session.runs, run.run_id)
    if not RunFolder(folder).manifest.exists():
        return passes(
            f"not judged: until when items may be shown stands in {folder}, which is not here; "
            "another host may keep it"
        )
    now = utc_now()
    # A clock that was ahead as it was trained: all that it may list is looked at.
    began = EVER if is_ahead(run.created_at, now) else run.created_at
    ended = ended_items(folder, began, now)
    # Counting every item reads the whole run: only where an item has ended at all.
    rows = item_rows(stored.engine, run) if len(ended) else {}
    listed = [item for item in ended.sort(UNTIL, "item_id").iter_rows() if item[0] in rows]
    if not listed:
        return passes(f"{len(ended)} items ended since training, and none of them is listed")
    count = sum(rows[item_id] for item_id, _ in listed)
    examples = []
    for item_id, until in listed[:EXAMPLES]:
        examples.append({"item": item_id, UNTIL: f"{until:%Y-%m-%d %H:%M}"})
    message = (
        f"{count} rows list {len(listed)} items whose available_until has passed since training; "
        "train anew, or block them in blocked_item and publish again"
    )
    return fails(message, count, examples=tuple(examples))


@check("items are spread", needs="sql")
def items_are_spread(stored: StoredLists) -> Check:
    """Check that lists show a share of the items, where `gate.min_coverage` asks for one.

    Items that rules leave to nobody do not count.

    Args:
        stored: the run's lists.

    Returns:
        The result.
    """
    limit = stored.gate.min_coverage
    n_items = stored.n_items
    # Without a limit nothing is counted, since counting reads the whole run.
    if not limit:
        return passes("not judged: gate.min_coverage = 0")
    if not n_items:
        return passes("not judged: no items are known")
    listed = distinct_items(stored.engine, stored.run.run_no, DEPTH)
    share = listed / n_items
    message = (
        f"{listed} of {n_items} items are listed in the first {DEPTH} places, {share:.1%}; "
        f"gate.min_coverage = {limit:g}"
    )
    return passes(message) if listed >= limit * n_items else fails(f"{message}; {WIDEN}")
