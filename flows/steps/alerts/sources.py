"""The health of sources and of the ranker, against the run before: each cause has a code."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from dashboards.alerts import Alert
from fusion.evaluation.serving.report import ServingReport, SourceReport
from fusion.runs.manifest import Manifest, SourceRow

UNASKED = ("memory", "data", "extra")
"""Causes for which a source is left out though nobody asked for it, beside a failure."""
MOSTLY = 0.5
"""Share of users to whom a source that is silent proposes nothing."""
MORE_SILENT = 0.3
"""How much that share must have grown: some sources speak to few by their nature."""
SILENT = 0.999
"""Share of users at which a source proposes nothing to anybody."""
KEPT = 0.65
"""Share of its usual overlap below which a serving fit lists other things than it should. Healthy
ones kept 0.87 or more; one that lost half of its catalogue keeps about a half."""
CEILING = 0.5
"""Share of its ceiling in the run before below which a source fell far."""
MIN_CEILING = 0.02
"""Ceilings below this are a handful of labels."""
DEVIATIONS = 4.0
"""Standard errors by which a ceiling must have fallen, beside its share: labels may be few."""
RANKER_KEPT = 1 / 3
"""NDCG@10 of the ranker as a share of the best other row, below which it fell. Trained on permuted
labels it kept 0.05 to 0.21; healthy ones of a hundred labelled users fell to 0.35 at times."""
MIN_USERS = 10
"""Users below which one list for all is no wonder."""


def source_alerts(current: Manifest, previous: Manifest | None) -> list[Alert]:
    """Alert on sources that do not do what they did in the run before.

    Facts (a source failed, or proposes nothing to anybody) are alerts of a first run too;
    comparisons are not made there.

    Args:
        current: manifest of the run.
        previous: that of the run before; None for a first run.

    Returns:
        One alert a source at most, the first cause that applies, then one on the ranker.
    """
    before = {row.name: row for row in previous.sources} if previous else {}
    serving = ServingReport.model_validate(current.serving)
    earlier = ServingReport.model_validate(previous.serving) if previous else ServingReport()
    raised = []
    for row in current.sources:
        alert = _absent(row, before.get(row.name))
        report = serving.sources.get(row.name)
        if alert is None and report is not None:
            alert = _lists(row.name, report, earlier.sources.get(row.name))
        if alert is None and row.status == "used" and previous is not None:
            alert = _ceiling(row.name, current.verdict, previous.verdict)
        if alert is not None:
            raised.append(alert)
    if previous is not None:
        raised += _ranker(current.verdict, previous.verdict)
    return raised


def _absent(row: SourceRow, before: SourceRow | None) -> Alert | None:
    """Alert on a source that failed, or that is left out and was not before."""
    if row.cause == "failed":
        return _alert(
            row.name,
            "source_failed",
            f"Source {row.name} {row.status}. Lists are made without it: mend it, or take it out "
            "of [[sources]]",
        )
    # What the data or the memory never allowed is no news.
    if row.cause in UNASKED and before is not None and before.status == "used":
        return _alert(
            row.name,
            "source_left_out",
            f"Source {row.name} took part in the run before and does not now: {row.status}. Give "
            "it what it needs, or take it out of [[sources]]",
        )
    return None


def _lists(name: str, report: SourceReport, before: SourceReport | None) -> Alert | None:
    """Alert on a source that is silent, says the same to everybody, or lists other things."""
    usual_silent = before.silent if before else report.usual_silent
    grown = report.silent - (usual_silent or 0.0)
    if report.silent >= SILENT or (report.silent >= MOSTLY and grown >= MORE_SILENT):
        beside = "" if usual_silent is None else f"; before it was {usual_silent:.0%}"
        return _alert(
            name,
            "source_silent",
            f"Source {name} proposes nothing to {report.silent:.0%} of the users{beside}. Is what "
            "it reads missing from the data?",
            report.silent,
            MOSTLY,
        )
    usual_lists = max(before.lists if before else 0, report.usual_lists or 0)
    if report.lists == 1 and usual_lists > 1 and report.users >= MIN_USERS:
        return _alert(
            name,
            "source_constant",
            f"Source {name} lists the same for each of {report.users} users, and had {usual_lists} "
            "different lists before. Does it still read histories?",
            1.0,
            1.0,
        )
    kept = _kept(report, before)
    if kept is not None and kept < KEPT:
        return _alert(
            name,
            "source_changed",
            f"For the same histories source {name} keeps {kept:.0%} of the overlap that is usual "
            "from one fit to the next. Are items or users missing from what it was fitted on?",
            kept,
            KEPT,
        )
    return None


def _kept(report: SourceReport, before: SourceReport | None) -> float | None:
    """Return how much of the usual overlap a source keeps, from any fit of the run to the next.

    A fault that came before the verdict's fit is in that fit and in the one that serves, which then
    agree: it shows in what the verdict's fit keeps of the newest label fold's, against what was
    usual in the run before.
    """
    if report.usual is None or before is None or before.usual is None:
        return report.kept
    usual = report.model_copy(update={"overlap": report.usual, "usual": before.usual})
    shares = [share for share in (report.kept, usual.kept) if share is not None]
    return min(shares, default=None)


def _ceiling(name: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> Alert | None:
    """Alert on a source that proposed a far smaller share of the labels than before."""
    share, n_labels = _recall(name, now)
    earlier, n_earlier = _recall(name, before)
    if not n_labels or not n_earlier or earlier < MIN_CEILING or share >= CEILING * earlier:
        return None
    pooled = (share * n_labels + earlier * n_earlier) / (n_labels + n_earlier)
    error = sqrt(pooled * (1 - pooled) * (1 / n_labels + 1 / n_earlier))
    if earlier - share < DEVIATIONS * error:
        return None
    return _alert(
        name,
        "source_ceiling",
        f"Source {name} proposed {share:.1%} of the labels of the verdict, and {earlier:.1%} in "
        "the run before. Is what it reads missing from the data, or has the window changed?",
        share,
        CEILING * earlier,
    )


def _recall(name: str, verdict: Mapping[str, Any]) -> tuple[float, int]:
    """Return the share of labels that a source proposed, and how many labels there were."""
    recall = verdict.get("found") or {}
    source = recall.get("sources", {}).get(name)
    return (source["share"], recall["labels"]) if source else (0.0, 0)


def _ranker(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[Alert]:
    """Alert where the ranker lost far and for certain to another row, and did not before."""
    rows = now.get("rows") or {}
    rival = now.get("rival")
    if rival not in rows or "ranker" not in rows or not _loses(now) or _loses(before):
        return []
    value = rows["ranker"]["ndcg@10"]["value"]
    best = rows[rival]["ndcg@10"]["value"]
    if value >= RANKER_KEPT * best:
        return []
    message = (
        f"The ranker reaches {value:.4f} NDCG@10 on the verdict and {rival} {best:.4f}; in the run "
        "before it kept up. Look for labels that mean something else since: [data] positive, or "
        "events of another kind."
    )
    return [Alert("ranker", "ranker_fell", value, RANKER_KEPT * best, message)]


def _loses(verdict: Mapping[str, Any]) -> bool:
    """Tell whether the ranker is below its rival for certain."""
    difference = verdict.get("difference") or {"high": 0.0}
    return bool(difference["high"] < 0)


def _alert(name: str, code: str, message: str, value: float = 1.0, limit: float = 0.0) -> Alert:
    return Alert(f"source {name}", code, value, limit, f"{message}.".replace("?.", "?"))
