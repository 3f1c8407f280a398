"""Facts that manifests and verdicts of two runs hold; older runs lack parts of them."""

from collections.abc import Mapping
from typing import Any

from dashboards.diagnosis.facts import Candidates, Pair, Rules, Verdict
from dashboards.diagnosis.kinds import Kind
from flows.steps.alerts.circumstances import EXPLAINS, OF_RULES, changed_sections
from flows.steps.rules_of_runs import rules_hash
from flows.steps.watch.diagnosis.of_alerts import finite
from fusion.evaluation.realised.promised import Promise
from fusion.metrics.bootstrap import Interval
from fusion.runs.manifest import Manifest
from storage.schema.row_objects import RunRow

SOURCES = "sources"
"""The part of the configuration that decides about candidates."""
NDCG = "ndcg@10"


def failed_checks(run: RunRow, was_published: bool) -> tuple[str, ...]:
    """Return the names of checks that kept a run from being shown.

    Args:
        run: its row.
        was_published: whether it was shown all the same, so that its refusals are history.

    Returns:
        Those of admission, and those of the last try to publish it.
    """
    manifest = Manifest.of(run.manifest)
    last = [] if was_published else manifest.refusals[-1:]
    checks = [*manifest.checks, *(one for refusal in last for one in refusal.get("checks", ()))]
    return tuple(dict.fromkeys(one["name"] for one in checks if not one.get("holds", True)))


def sizes_of(now: Manifest, before: Manifest) -> dict[str, Pair]:
    """Return how much data two runs knew.

    Args:
        now: manifest of the run.
        before: that of the run before.
    """
    names = ("interactions", "users", "items")
    return {name: _pair(getattr(now.data, name), getattr(before.data, name)) for name in names}


def importance_of(now: Manifest, before: Manifest) -> dict[str, Pair]:
    """Return the importance of every feature in two runs.

    Args:
        now: manifest of the run.
        before: that of the run before.
    """
    # Without any, as where no ranker was trained, nothing moved.
    if not now.importance or not before.importance:
        return {}
    names = [*now.importance, *before.importance]
    return {
        name: _pair(now.importance.get(name, 0.0), before.importance.get(name, 0.0))
        for name in names
    }


def candidates_of(now: Manifest, before: Manifest) -> Candidates:
    """Return the labels among the candidates of two runs.

    Args:
        now: manifest of the run.
        before: that of the run before.
    """
    recall, earlier = _part(now.verdict, "found"), _part(before.verdict, "found")
    sources, earlier_sources = _part(recall, "sources"), _part(earlier, "sources")
    shares = {}
    # A source that one of the two lacks was taken in or out, and lost nothing.
    for name in sources:
        if name in earlier_sources:
            shares[name] = _pair(
                _part(sources, name).get("share"), _part(earlier_sources, name).get("share")
            )
    new_items, earlier_items = _part(now.verdict, "new_items"), _part(before.verdict, "new_items")
    return Candidates(
        labels=_pair(recall.get("labels"), earlier.get("labels")),
        ceiling=_pair(recall.get("ceiling"), earlier.get("ceiling")),
        sources=shares,
        new_items=_pair(new_items.get("share"), earlier_items.get("share")),
    )


def verdict_of(run: RunRow, previous: RunRow | None) -> Verdict:
    """Return how rows stood in the verdicts of two runs.

    Args:
        run: the run.
        previous: the run before; None for a first run.
    """
    now, before = run.verdict or {}, (previous.verdict if previous else None) or {}
    promise = Promise.of_run(before, "window")
    return Verdict(
        method=run.method or "",
        method_before=(previous.method if previous else None) or "",
        rows=_intervals(now),
        rows_before=_intervals(before),
        rival=str(now.get("rival") or ""),
        difference=_interval(now.get("difference")),
        difference_before=_interval(before.get("difference")),
        promised_low=finite(promise.low) if promise else None,
    )


def rules_of(run: RunRow, previous: RunRow | None, hidden: float | None) -> Rules:
    """Return the rules of two runs, and the rows that each moved.

    Args:
        run: the run.
        previous: the run before; None for a first run.
        hidden: share of the shown rows that blocks hide by now.
    """
    if previous is None:
        return Rules(hidden=hidden)
    now, before = Manifest.of(run.manifest), Manifest.of(previous.manifest)
    moved, earlier = (one.rules.moved if one.rules else {} for one in (now, before))
    items = [one.rules.open_items if one.rules else one.data.items for one in (now, before)]
    return Rules(
        has_changed=rules_hash(run) != rules_hash(previous),
        moved={name: _pair(moved.get(name, 0), earlier.get(name, 0)) for name in moved | earlier},
        rows=_pair(now.lists.rows, before.lists.rows),
        open_items=_pair(*items),
        hidden=hidden,
    )


def sections_of(run: RunRow, previous: RunRow) -> dict[str, Kind]:
    """Return the parts of the configuration that changed, by the kind of cause that they are.

    Args:
        run: the run.
        previous: the run before.
    """
    kinds: dict[str, Kind] = {}
    for name in changed_sections(previous, run):
        is_of_lists = EXPLAINS[name] == OF_RULES
        kinds[name] = "rules" if is_of_lists else "candidates" if name == SOURCES else "ranker"
    return kinds


def _pair(now: Any, before: Any) -> Pair:
    return Pair(finite(now), finite(before))


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part of a document; an empty one where it is missing, or null."""
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}


def _interval(stored: Any) -> Interval | None:
    if not isinstance(stored, Mapping):
        return None
    numbers = [finite(stored.get(name)) for name in ("value", "low", "high")]
    value, low, high = numbers
    if value is None or low is None or high is None:
        return None
    return Interval(value, low, high)


def _intervals(verdict: Mapping[str, Any]) -> dict[str, Interval]:
    """Return NDCG@10 of every row that has it."""
    intervals = {}
    for name, metrics in _part(verdict, "rows").items():
        interval = _interval(metrics.get(NDCG))
        if interval is not None:
            intervals[name] = interval
    return intervals
