"""The contract that a run's stored lists must keep at the moment of publishing, judged in SQL against what is live.

What needs the data (nothing seen, nothing unavailable) is judged in training, by
`fusion.evaluation.admission`; of what could change since, the run folder keeps until when items may
be shown.
"""

from datetime import UTC, datetime
from typing import Any

from flows.session import Session
from flows.steps.item_files import UNTIL, ended_items
from fusion.evaluation.check import EXAMPLES, Check
from storage.reading.list_checks import (
    BLOCKED,
    ListCounts,
    broken_users,
    churn,
    count_lists,
    distinct_items,
    item_rows,
    row_counts,
)
from storage.schema.row_objects import RunRow

DEPTH = 10
SAME = ("users", "size", "reserve", "exclude_seen", "rules")
"""What of [lists] decides how many rows a run has; runs that differ in it are not compared by rows.
"""


def publish_checks(session: Session, run: RunRow, shown: RunRow | None) -> list[Check]:
    """Every check of a run in the present state of the database; `shown` is the live run that it would replace."""
    shape = count_lists(session.engine, run)
    checks = [
        _whole(run, shape),
        *_shapes(session, run, shape),
        _available(session, run),
        _coverage(session, run),
    ]
    if shown is None:
        return checks
    return [*checks, _rows(session, run, shown, shape), _churn(session, run, shown)]


def _whole(run: RunRow, shape: ListCounts) -> Check:
    """Whether nothing was lost since training, which wrote down how many users have a reason for a short list."""
    name, short = "lists are whole", max(0, shape.served - shape.whole)
    stated = manifest_of(run).get("lists", {}).get("short")
    message = f"{shape.users} lists of {shape.row_count} rows"
    if not shape.row_count or not shape.fallback:
        missing = "the fallback has no row" if shape.row_count else "there is no row"
        return Check(name, False, f"{missing}; train anew, or publish another run", 1)
    if stated is not None and short > stated:
        lost = f"{short} users have fewer than {run.list_size} items, and training left {stated}: rows were lost"
        return Check(name, False, f"{lost}; train anew, or publish another run", short - stated)
    return Check(
        name, True, f"{message}; {short} users have met too much for {run.list_size} items"
    )


def _shapes(session: Session, run: RunRow, shape: ListCounts) -> list[Check]:
    """Conditions on every list; those that blocks cut short are allowed up to a share."""
    checks = []
    for name, count in shape.broken.items():
        allowed = session.config.gate.max_short * shape.users if name == BLOCKED else 0
        message = f"{count} of {shape.users} lists break it"
        if name == BLOCKED:
            message = f"{count} of {shape.users} lists are cut below {run.list_size} items by what is blocked now"
            message += f"; gate.max_short = {session.config.gate.max_short:g} allows {int(allowed)}"
        holds = count <= allowed
        users = () if holds else tuple(broken_users(session.engine, run, name))
        checks.append(
            Check(name, holds, message, count, examples=tuple({"user": user} for user in users))
        )
    return checks


def _available(session: Session, run: RunRow) -> Check:
    """Whether the time of no listed item has ended since the training began; a block hides it, which is as good."""
    name = "nothing became unavailable"
    gone = ended_items(session.runs / run.run_id, run.created_at, datetime.now(UTC))
    rows = item_rows(session.engine, run) if len(gone) else {}
    listed = [item for item in gone.sort(UNTIL, "item_id").iter_rows() if item[0] in rows]
    if not listed:
        return Check(
            name, True, f"{len(gone)} items ended since training, and none of them is listed"
        )
    count = sum(rows[item] for item, _ in listed)
    message = (
        f"{count} rows list {len(listed)} items whose available_until has passed since training; train anew, or block "
        "them in blocked_item and publish again"
    )
    examples = tuple(
        {"item": item, UNTIL: f"{until:%Y-%m-%d %H:%M}"} for item, until in listed[:EXAMPLES]
    )
    return Check(name, False, message, count, examples=examples)


def _coverage(session: Session, run: RunRow) -> Check:
    name, least = "items are spread", session.config.gate.min_coverage
    items = manifest_of(run).get("data", {}).get("items")
    if not least or not items:
        return Check(
            name,
            True,
            "not judged: gate.min_coverage = 0" if not least else "not judged: no items are known",
        )
    found = distinct_items(session.engine, run.run_no, DEPTH)
    message = (
        f"{found} of {items} items are listed in the first {DEPTH} places, {found / items:.1%}"
    )
    return Check(name, found >= least * items, f"{message}; gate.min_coverage = {least:g}")


def _rows(session: Session, run: RunRow, shown: RunRow, shape: ListCounts) -> Check:
    name, gate = "as many rows as live", session.config.gate
    before, after = (_listing(one) for one in (shown, run))
    changed = [key for key in SAME if before.get(key) != after.get(key)]
    if changed:
        return Check(
            name, True, f"not judged: [lists] {', '.join(changed)} changed since run {shown.run_id}"
        )
    rows, users = row_counts(session.engine, shown.run_no)
    if users < gate.users:
        return Check(
            name,
            True,
            f"not judged: run {shown.run_id} serves {users} users, gate.users = {gate.users}",
        )
    message = (
        f"{shape.row_count} rows, {rows} in run {shown.run_id}; gate.min_rows = {gate.min_rows:g} and "
        f"gate.max_rows = {gate.max_rows:g} allow {gate.min_rows * rows:.0f} to {gate.max_rows * rows:.0f}"
    )
    return Check(name, gate.min_rows * rows <= shape.row_count <= gate.max_rows * rows, message)


def _listing(run: RunRow) -> dict[str, Any]:
    """A run's [lists], with the hash of the rules in place of their file."""
    manifest = manifest_of(run)
    settings: dict[str, Any] = manifest.get("config", {}).get("lists", {})
    return {**settings, "rules": (manifest.get("rules") or {}).get("hash")}


def _churn(session: Session, run: RunRow, shown: RunRow) -> Check:
    name, gate = "not too much churn", session.config.gate
    if gate.max_churn == 1:
        return Check(name, True, "not judged: gate.max_churn = 1")
    users, found = churn(session.engine, shown.run_no, run.run_no, DEPTH)
    if found is None or users < gate.users:
        return Check(
            name, True, f"not judged: both runs serve {users} users, gate.users = {gate.users}"
        )
    message = f"churn {found:.3f} against run {shown.run_id} over {users} users; gate.max_churn = {gate.max_churn:g}"
    return Check(name, found <= gate.max_churn, message)


def manifest_of(run: RunRow) -> dict[str, Any]:
    """A run's manifest; empty for one without."""
    return run.manifest or {}
