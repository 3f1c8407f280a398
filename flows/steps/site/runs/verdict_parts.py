"""Parts of a stored verdict, as the pages show them; what an older run lacks is left out."""

from collections.abc import Iterator, Mapping
from typing import Any

from dashboards.language.catalogue import marked
from dashboards.pages.runs.facts import AttributeLists
from dashboards.pages.runs.figures import (
    Difference,
    Estimate,
    GroupFigures,
    HiddenItems,
    HiddenRow,
    MethodFigures,
    SourceFigures,
    SourceLine,
)
from fusion.runs.manifest import ContributionRow, Manifest, SourceRow

Verdict = Mapping[str, Any]
"""The verdict of a run, as `run.verdict` stores it; empty where there is none."""
NDCG = "ndcg@10"
FURTHER = {"recall@20": marked("recall@20"), "hit@10": marked("hit@10")}
"""Metrics of a row that are shown beside NDCG, by the names that people read."""
OF_LISTS = {
    "coverage@10": marked("coverage"),
    "gini@10": marked("Gini"),
    "popularity@10": marked("popularity"),
}
"""The same of its lists."""
RANDOM, RANKER = "random", "ranker"


def estimate(figure: Any) -> Estimate | None:
    """Return a stored figure, with its interval where it has one.

    Args:
        figure: a number, or an object with `value`, `low` and `high`.

    Returns:
        None where there is no number.
    """
    if isinstance(figure, int | float):
        return Estimate(float(figure))
    if isinstance(figure, Mapping) and isinstance(figure.get("value"), int | float):
        return Estimate(float(figure["value"]), figure.get("low"), figure.get("high"))
    return None


def differences(verdict: Verdict) -> Iterator[Difference]:
    """Yield how much better what is published is than others, over the same users.

    The verdict's own difference is ranker minus rival, so that it turns where the rival won.

    Args:
        verdict: of a run.
    """
    gap = estimate(verdict.get("difference"))
    if gap is not None:
        rival, chosen = str(verdict.get("rival")), verdict.get("chosen")
        if chosen == rival:
            rival, gap = "ranker", _turned(gap)
        yield Difference(rival, False, gap, int(verdict.get("users") or 0))
    live = verdict.get("live") or {}
    gap = estimate(live.get("difference"))
    if gap is not None:
        yield Difference(str(live["run"]), True, gap, int(live.get("users") or 0))


def _turned(gap: Estimate) -> Estimate:
    low, high = gap.low, gap.high
    return Estimate(-gap.value, None if high is None else -high, None if low is None else -low)


def hidden_items(verdict: Verdict) -> HiddenItems | None:
    """Return how methods rank items that no fit had seen, the best first.

    Sources that list none of them are left out.

    Args:
        verdict: of a run.
    """
    cold = verdict.get("cold_items")
    if not cold:
        return None
    alone, among_all = cold["hidden"]["rows"], cold["catalogue"]["rows"]
    rows = []
    for name in sorted(alone, key=lambda name: -alone[name][NDCG]["value"]):
        if alone[name][NDCG]["value"] > 0 or name == RANKER:
            row = HiddenRow(
                name=name,
                alone=estimate(alone[name][NDCG]),
                among_all=estimate(among_all[name][NDCG]),
                behind=estimate(cold["gaps"].get(name)),
            )
            rows.append(row)
    not_asked = tuple(cold.get("not_asked", ()))
    return HiddenItems(int(cold["items"]), int(cold["hidden"]["users"]), tuple(rows), not_asked)


def attribute_lists(found: Mapping[str, Any]) -> AttributeLists | None:
    """Return what became of lists from attributes; None where nobody could have one.

    Args:
        found: `cold_users` of a manifest.
    """
    if not found:
        return None
    rows = {name: estimate(row[NDCG]) for name, row in found["rows"].items()}
    gaps = found["gaps"]
    return AttributeLists(
        judged=int(found["users"]),
        rows={name: one for name, one in rows.items() if one is not None},
        gap=estimate(gaps["fallback"][NDCG]) if gaps else None,
        lists=int(found.get("lists") or 0) if found["serves"] else 0,
        columns=tuple(found["columns"]),
        wrote=int(found.get("wrote") or 0),
        reason="" if found["serves"] else found["reason"],
    )


def methods(verdict: Verdict) -> list[MethodFigures]:
    """Return the figures of every judged method, the best first.

    Args:
        verdict: of a run.
    """
    found = []
    for name, metrics in (verdict.get("rows") or {}).items():
        ndcg = estimate(metrics.get(NDCG))
        if ndcg is None:
            continue
        lists = (verdict.get("lists") or {}).get(name, {})
        auc = ((verdict.get("auc") or {}).get("rows") or {}).get(name)
        known = {shown: estimate(metrics.get(key)) for key, shown in FURTHER.items()}
        known |= {marked("AUC"): estimate(auc)}
        known |= {shown: estimate(lists.get(key)) for key, shown in OF_LISTS.items()}
        further = {shown: one.value for shown, one in known.items() if one is not None}
        found.append(MethodFigures(name, name == verdict.get("chosen"), ndcg, further))
    return sorted(found, key=lambda one: -one.ndcg.value)


def groups(verdict: Verdict) -> Iterator[GroupFigures]:
    """Yield how well each route and segment is served, beside what would be best for it.

    Args:
        verdict: of a run.
    """
    chosen = str(verdict.get("chosen"))
    for by, key in (("route", "routes"), ("segment", "segments")):
        for name, part in (verdict.get(key) or {}).items():
            # Users without a history are served by the fallback, and stand below.
            if name != "cold":
                yield from _group(by, name, part, chosen)
    cold = verdict.get("cold")
    if cold:
        yield from _group("route", "cold", cold, "fallback")


def _group(by: str, name: str, part: Mapping[str, Any], served: str) -> Iterator[GroupFigures]:
    figures = {
        row: estimate(metrics.get(NDCG)) for row, metrics in (part.get("rows") or {}).items()
    }
    known = {row: one for row, one in figures.items() if one is not None and row != RANDOM}
    if served in known:
        best = max(known, key=lambda row: known[row].value)
        users = int(part.get("users") or 0)
        yield GroupFigures(by, name, users, known[served], best, known[best].value)


def sources(
    verdict: Verdict, manifest: Manifest, verdict_before: Verdict, manifest_before: Manifest
) -> Iterator[SourceLine]:
    """Yield each source beside what it was in the run before.

    Args:
        verdict: of the run.
        manifest: of the run.
        verdict_before: of the run before; empty without one.
        manifest_before: likewise.
    """
    now = {source.name: source for source in manifest.sources}
    before = {source.name: source for source in manifest_before.sources}
    for name in dict.fromkeys([*now, *before]):
        yield SourceLine(
            name,
            now[name].status if name in now else "",
            _source(verdict, now.get(name)),
            _source(verdict_before, before.get(name)),
            _adds(now[name].contribution) if name in now else None,
        )


def _source(verdict: Verdict, source: SourceRow | None) -> SourceFigures | None:
    if source is None:
        return None
    recall = ((verdict.get("found") or {}).get("sources") or {}).get(source.name) or {}
    ndcg = estimate(((verdict.get("rows") or {}).get(source.name) or {}).get(NDCG))
    return SourceFigures(recall.get("share"), recall.get("unique"), ndcg.value if ndcg else None)


def _adds(contribution: ContributionRow | None) -> Estimate | None:
    if contribution is None:
        return None
    return Estimate(contribution.value, contribution.low, contribution.high)
