"""Checks at publishing against the live run; they do not apply where nothing is live."""

from typing import Any

from flows.steps.publish.stored_lists import DEPTH, WIDEN, StoredLists
from flows.steps.rules_of_runs import rules_hash
from fusion.core.clocks import ahead_sentence, is_ahead, utc_now
from fusion.evaluation.check import Check, check, fails, passes
from fusion.runs.manifest import Manifest
from storage.reading.list_checks import churn, row_counts
from storage.schema.row_objects import RunRow

MINUTE = "%Y-%m-%d %H:%M"
"""How times are written."""
SHAPING_KEYS = ("users", "size", "reserve", "exclude_seen", "rules")
"""Keys of [lists] that decide how many rows a run has.

Runs that differ in one of them are not compared by their rows.
"""


@check("as new as live", needs="sql")
def as_new_as_live(stored: StoredLists) -> Check | None:
    """Check that a run knows the data up to when the live run knew it, or later.

    Of two hosts that train for one placement one may read an older copy of the data; a rollback is
    the way back to an older state that people ask for.

    Args:
        stored: the run's lists, and the live run.

    Returns:
        The result; None where nothing is live, or data has no times.
    """
    live = stored.live
    if live is None or live.as_of is None or stored.run.as_of is None:
        return None
    message = (
        f"it knows data up to {stored.run.as_of:{MINUTE}} UTC, and run {live.run_id} up to "
        f"{live.as_of:{MINUTE}} UTC"
    )
    if stored.run.as_of >= live.as_of or stored.allow_older:
        return passes(message)
    now = utc_now()
    if is_ahead(live.as_of, now):
        # Nothing may wait until that time has come.
        return passes(f"not judged: {ahead_sentence('live ends', live.as_of, now)}")
    cure = (
        f"if that is meant, `fusion publish {stored.run.run_id} --allow-older` shows it, or "
        f"`fusion approve --allow-older` where it waits for approval"
    )
    return fails(f"{message}; {cure}")


@check("as many rows as live", needs="sql")
def as_many_rows_as_live(stored: StoredLists) -> Check | None:
    """Check that a run has about as many rows as the live one.

    Half the rows, or twice as many, mean that half of the data was missing, or came twice. Rows of
    lists from attributes do not count: these are made or not as they were judged.

    Args:
        stored: the run's lists, and the live run.

    Returns:
        The result; None where nothing is live.
    """
    live, gate = stored.live, stored.gate
    if live is None:
        return None
    # Another length of lists is no loss of rows.
    before, after = shaping_settings(live), shaping_settings(stored.run)
    changed = [key for key in SHAPING_KEYS if before.get(key) != after.get(key)]
    if changed:
        return passes(f"not judged: [lists] {', '.join(changed)} changed since run {live.run_id}")
    live_rows, users = row_counts(stored.engine, live.run_no)
    # Few users come and go by chance.
    if users < gate.users:
        return passes(
            f"not judged: run {live.run_id} serves {users} users, gate.users = {gate.users}"
        )
    least, most = gate.min_rows * live_rows, gate.max_rows * live_rows
    rows, _ = row_counts(stored.engine, stored.run.run_no)
    message = (
        f"{rows} rows, {live_rows} in run {live.run_id}; gate.min_rows = {gate.min_rows:g} "
        f"and gate.max_rows = {gate.max_rows:g} allow {least:.0f} to {most:.0f}"
    )
    return passes(message) if least <= rows <= most else fails(f"{message}; {WIDEN}")


def shaping_settings(run: RunRow) -> dict[str, Any]:
    """Return a run's [lists], with the hash of the rules in place of their file.

    Args:
        run: its row.
    """
    settings: dict[str, Any] = Manifest.of(run.manifest).config.get("lists", {})
    return {**settings, "rules": rules_hash(run)}


@check("not too much churn", needs="sql")
def not_too_much_churn(stored: StoredLists) -> Check | None:
    """Check that lists do not change more from the live run than `gate.max_churn` allows.

    Args:
        stored: the run's lists, and the live run.

    Returns:
        The result; None where nothing is live.
    """
    live, gate = stored.live, stored.gate
    if live is None:
        return None
    # The default allows everything: the join over both runs would be for nothing.
    if gate.max_churn == 1:
        return passes("not judged: gate.max_churn = 1")
    # Other rules ask for other lists.
    if rules_hash(live) != rules_hash(stored.run):
        return passes(f"not judged: the rules changed since run {live.run_id}")
    users, change = churn(stored.engine, live.run_no, stored.run.run_no, DEPTH)
    if change is None or users < gate.users:
        return passes(f"not judged: both runs serve {users} users, gate.users = {gate.users}")
    message = (
        f"churn {change:.3f} against run {live.run_id} over {users} users; "
        f"gate.max_churn = {gate.max_churn:g}"
    )
    return passes(message) if change <= gate.max_churn else fails(f"{message}; {WIDEN}")
