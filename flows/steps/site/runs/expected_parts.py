"""What is expected of the lists of a run, beside what became of them."""

from collections.abc import Iterable, Mapping
from typing import Any

from dashboards.pages.runs.figures import Estimate, Expectation, ExpectedFigure
from flows.steps.site.runs.verdict_parts import Verdict, estimate
from fusion.runs.manifest import Manifest
from storage.watches.realised import RealisedRow

ALL = "all"
"""Segment of everybody with a history."""
K = 10
"""Places that are looked at: a first screen."""
NAMES = {"ndcg": f"NDCG@{K}", "precision": f"precision@{K}", "dcg": f"DCG@{K}"}
"""Metrics of everybody, by the names that people read; of a route the first one is shown."""
WINDOW = "window"


def expectation(
    manifest: Manifest, verdict: Verdict, realised: Iterable[RealisedRow]
) -> Expectation | None:
    """Return what is expected of the lists of a run in the window after it, and what it was.

    Args:
        manifest: of the run.
        verdict: likewise.
        realised: what became of its lists.

    Returns:
        None where nothing of it is known.
    """
    segments = manifest.estimate.get("segments") or {}
    promised = _promised(verdict)
    became = {
        (row.segment, row.name): row
        for row in realised
        if (row.horizon, row.k, row.is_early) == (WINDOW, K, False)
    }
    asked = [(ALL, name) for name in NAMES]
    asked += [(segment, "ndcg") for segment in segments if segment != ALL]
    figures = []
    for segment, name in asked:
        row = became.get((segment, name))
        figure = ExpectedFigure(
            name=NAMES[name],
            segment=segment,
            estimated=estimate(((segments.get(segment) or {}).get("figures") or {}).get(name)),
            promised=promised.get(name) if segment == ALL else None,
            realised=Estimate(row.value, row.low, row.high) if row else None,
        )
        if figure.estimated or figure.promised or figure.realised:
            figures.append(figure)
    if not figures:
        return None
    everybody = segments.get(ALL) or {}
    judged = became.get((ALL, "ndcg"))
    return Expectation(
        figures=tuple(figures),
        days=manifest.estimate.get("days"),
        users=everybody.get("users"),
        likes=tuple(everybody.get("likes") or ()),
        realised_users=judged.users if judged else None,
    )


def _promised(verdict: Verdict) -> Mapping[str, Estimate | None]:
    """What the verdict promised of the window, by metric."""
    promises: list[Mapping[str, Any]] = verdict.get("promise") or []
    return {
        one["name"]: estimate(one)
        for one in promises
        if (one.get("horizon"), one.get("k")) == (WINDOW, K)
    }
