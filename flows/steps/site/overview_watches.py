"""Watches as pages show them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from dashboards.pages.overview.past_facts import WatchedFigure, WatchFacts, WatchLine, WatchPart
from storage.reading.over_time.run_names import run_names
from storage.schema.types import utc_now
from storage.watches.alert_lists import newest_alerts
from storage.watches.watches import WatchRow, newest_watches

LINES = 30
"""Watches on a page; their facts are long."""
ORDER = ("alarm", "look", "healthy", "short")
LAST = (len(ORDER), 0.0)
MEASURED = ("new_events", "known_events", "users_without_list", "unknown_items", "turnover")


def listed_watches(engine: Engine, placement: str, below: int | None) -> Sequence[WatchLine]:
    """Return the newest watches of a placement, newest first.

    Args:
        engine: of the session.
        placement: where lists are shown.
        below: only those with a smaller number; None for all.
    """
    rows = newest_watches(engine, placement, LINES, below)
    names = run_names(engine, {row.run_no for row in rows if row.run_no is not None})
    return [_line(row, names) for row in rows]


def watch_facts(engine: Engine, placement: str, number: int) -> WatchFacts | None:
    """Return a watch with its figures.

    Args:
        engine: of the session.
        placement: where lists are shown.
        number: of the watch.

    Returns:
        The watch; None where the placement has none of that number.
    """
    found = newest_watches(engine, placement, 1, number + 1)
    if not found or found[0].watch_no != number:
        return None
    (row,) = found
    names = run_names(engine, [row.run_no] if row.run_no is not None else [])
    facts = row.facts
    since = facts.get("since_live") or {}
    seen = newest_alerts(engine, placement, ("open", "acknowledged", "resolved"), 100, utc_now())
    coverage = facts.get("coverage")
    return WatchFacts(
        _line(row, names),
        (facts["rows"], facts["rows_without_time"], facts["rows_later"]),
        parts_of(facts),
        coverage["users"] if coverage else None,
        {name: since[name] for name in MEASURED if name in since},
        [one.id for one in seen if one.watch_no == number][:LINES],
    )


def parts_of(facts: dict[str, Any]) -> list[WatchPart]:
    """Return the figures of a watch by what they are of, those with an alarm first.

    Args:
        facts: as the table `watch` holds them.
    """
    parts = []
    for unit in ("day", "window"):
        span = facts.get(unit)
        if span:
            figures = _figures(span["figures"])
            parts.append(WatchPart(unit, span["start"], span["is_kept"], figures))
    if facts.get("silence"):
        parts.append(WatchPart("silence", "", True, _figures([facts["silence"]])))
    if facts.get("known"):
        parts.append(WatchPart("known", "", True, _figures(facts["known"])))
    return sorted(parts, key=lambda part: min(map(_rank, part.figures), default=LAST))


def _figures(stored: Iterable[dict[str, Any]]) -> list[WatchedFigure]:
    """Figures, worst first."""
    figures = [
        WatchedFigure(
            subject=one["subject"],
            name=one["name"],
            column=one["column"] or "",
            state=one["state"],
            value=one["value"],
            low=one["low"],
            high=one["high"],
            score=one["score"],
            cause=one["cause"],
            windows=one["windows"],
        )
        for one in stored
    ]
    return sorted(figures, key=_rank)


def _rank(figure: WatchedFigure) -> tuple[int, float]:
    return ORDER.index(figure.state), -abs(figure.score)


def _line(row: WatchRow, names: dict[int, str]) -> WatchLine:
    figures = [one for part in parts_of(row.facts) for one in part.figures]
    states = [one.state for one in figures]
    newest = row.facts.get("newest_event")
    return WatchLine(
        row.watch_no,
        row.at,
        row.as_of,
        names.get(row.run_no) if row.run_no is not None else None,
        datetime.fromisoformat(newest) if newest else None,
        states.count("alarm"),
        states.count("look"),
        len(states) - states.count("short"),
    )
