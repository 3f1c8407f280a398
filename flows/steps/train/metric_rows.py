"""The verdict as rows: one a metric for the table `metric`, one a method for reports."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl

from dashboards.measures.metric_schema import METRIC_SCHEMA
from flows.steps.train.verdict_lines import Report

KINDS = {"ranker": "ranker", "blend": "blend", "random": "control"}
"""Kinds of rows by which the dashboards group them; every other row is a source."""
GATE_PSI = "gate_psi"
"""Name of the figure by which the gate compares a feature in training and in serving."""
EXPOSURE = "exposure"
"""Subject of metrics of item groups, whose segment is the group."""
ESTIMATE = "estimate"
"""Subject of metrics that are expected of the published lists."""
NEW_ITEMS = "new_items"
"""The segment of metrics about items without a history."""
HIDDEN, AMONG_ALL = "hidden_items", "hidden_items_among_all"
"""Segments of metrics about items hidden from fits: in lists of them alone, and of all items."""
HIDDEN_USERS = "hidden_users"
"""The segment of metrics of lists for users whose history was hidden."""
HIDDEN_USER_SUBJECTS = {
    "attributes": "from attributes",
    "fallback": "fallback",
    "popularity": "fallback_all",
}
"""Rows of the report on lists from attributes that are stored, by their subject in `metric`."""
FALLBACK_SUBJECTS = {"fallback": "fallback", "all": "fallback_all"}
"""Rows of the report on cold users that are stored, by their subject in `metric`."""


class MetricRow(NamedTuple):
    """A row of the table `metric`, in the order of its columns; `k` is 0 where no list is cut."""

    subject: str
    segment: str
    name: str
    k: int
    value: float
    low: float | None
    high: float | None


def verdict_rows(report: Report) -> pl.DataFrame | None:
    """Return the verdict as a table for reports, a row for each method.

    Args:
        report: the verdict; empty for a run that failed.

    Returns:
        Columns row, kind, ndcg, low, high, chosen, and one for each further metric under the name
        that people read; null where a row lacks it. None without a verdict.
    """
    if not report:
        return None
    rows = []
    for name, metrics in report["rows"].items():
        ndcg = metrics["ndcg@10"]
        row = {
            "row": name,
            "kind": KINDS.get(name, "source"),
            "ndcg": ndcg["value"],
            "low": ndcg["low"],
            "high": ndcg["high"],
            "chosen": name == report["chosen"],
        }
        rows.append({**row, **_further_metrics(report, name)})
    # The length of the whole: a column may begin with rows that lack it.
    return pl.DataFrame(rows, infer_schema_length=None)


def _further_metrics(report: Report, name: str) -> dict[str, float]:
    """Collect a row's other metrics by the names that people read.

    Parts that the verdict of an older version lacks are left out.
    """
    row = report["rows"][name]
    metrics = {key: row[key]["value"] for key in ("recall@20", "hit@10")}
    # AUC is of candidates: the random row ranks none.
    auc = report.get("auc", {}).get("rows", {})
    if name in auc:
        metrics["AUC"] = auc[name]["value"]
    for key, value in report["lists"][name].items():
        metrics[key.replace("_", " ")] = value
    for kind in ("routes", "segments"):
        for segment, part in report.get(kind, {}).items():
            if "rows" in part:
                metrics[f"NDCG@10 {segment}"] = part["rows"][name]["ndcg@10"]["value"]
    new_items = report.get("new_items", {})
    if new_items.get("labels"):
        metrics["new items listed"] = new_items["rows"][name]["places@10"]
        metrics["new items found@20"] = new_items["rows"][name]["recall@20"]
    return metrics


def metric_rows(
    report: Report,
    feature_psi: Mapping[str, float],
    exposure: Report | None = None,
    estimate: Report | None = None,
    cold_users: Report | None = None,
) -> pl.DataFrame:
    """Return everything that a training measured, in the columns of the table `metric`.

    Args:
        report: the verdict.
        feature_psi: population stability index of each steady feature, training to serving.
        exposure: of item groups in the lists; None and empty for older runs.
        estimate: what the lists are expected to be worth; likewise.
        cold_users: lists from attributes, judged by users whose history was hidden; likewise.

    Returns:
        A row for each metric of each subject and segment.
    """
    rows = list(_report_rows(report))
    for name, value in feature_psi.items():
        rows.append(MetricRow("features", name, GATE_PSI, 0, value, None, None))
    rows += _exposure_rows(exposure or {})
    rows += _estimate_rows(estimate or {})
    rows += _hidden_user_rows(cold_users or {})
    return pl.DataFrame(rows, schema=METRIC_SCHEMA, orient="row")


def _exposure_rows(exposure: Report) -> Iterator[MetricRow]:
    """Yield shares of exposure and of interest by item group, and their ratio where there is one.

    The group stands as the segment: of items here, where others are of users.
    """
    k = exposure.get("size", 0)
    for group, figures in exposure.get("groups", {}).items():
        for name in ("exposure", "interest"):
            yield MetricRow(EXPOSURE, group, f"{name}_share", k, figures[name], None, None)
        if figures["ratio"] is not None:
            ends = figures["low"], figures["high"]
            yield MetricRow(EXPOSURE, group, "exposure_ratio", k, figures["ratio"], *ends)


def _estimate_rows(estimate: Report) -> Iterator[MetricRow]:
    """Yield what is expected of users who come back, and the chance of a like at each rank."""
    for segment, part in estimate.get("segments", {}).items():
        for name, figure in part["figures"].items():
            yield _metric_row(ESTIMATE, segment, f"{name}@{estimate['k']}", figure)
        for rank, chance in enumerate(part["likes"], 1):
            yield MetricRow(ESTIMATE, segment, "like", rank, chance, None, None)
        yield _metric_row(ESTIMATE, segment, "users@0", part["users"])


def _report_rows(report: Report) -> Iterator[MetricRow]:
    yield from _segment_rows("all", report["rows"])
    auc = {subject: {"auc@0": value} for subject, value in report["auc"]["rows"].items()}
    yield from _segment_rows("all", auc)
    yield from _segment_rows("all", report["lists"])
    for segment, part in {**report["routes"], **report["segments"]}.items():
        yield _metric_row("verdict", segment, "users@0", part["users"])
        yield from _segment_rows(segment, part["rows"])
    for segment, gap in report.get("gaps", {}).items():
        yield _metric_row(report["chosen"], segment, "ndcg_gap@10", gap["difference"])
        yield _metric_row(report["chosen"], segment, "ndcg_gap_chance@10", gap["chance"])
    limited = report.get("limit_exposure")
    if limited:
        cost = limited["difference"]
        yield _metric_row(report["chosen"], "all", "exposure_limit_cost@10", cost)
    yield from _rating_rows(report.get("weights"))
    yield from _cold_rows(report["cold"])
    yield from _new_item_rows(report["new_items"])
    yield from _hidden_item_rows(report.get("cold_items"))


def _rating_rows(ratings: Report | None) -> Iterator[MetricRow]:
    """Yield the errors of predicted ratings; none where no source predicts any."""
    if not ratings:
        return
    for subject, errors in ratings["rows"].items():
        for name, error in errors.items():
            yield _metric_row(subject, "held_out", f"{name}@0", error)
    yield _metric_row("verdict", "held_out", "events@0", ratings["events"])


def _cold_rows(cold: Report | None) -> Iterator[MetricRow]:
    """Yield metrics of cold users: by the fallback that serves them, and by that of all.

    First all of them, then each of their segments.
    """
    if cold is None:
        return
    yield from _fallback_rows("cold", cold)
    for name, part in cold["segments"].items():
        segment = f"cold, {name}"
        yield from _fallback_rows(segment, part)
        yield _metric_row("verdict", segment, "users@0", part["users"])


def _fallback_rows(segment: str, part: Report) -> Iterator[MetricRow]:
    rows = {subject: part["rows"][name] for name, subject in FALLBACK_SUBJECTS.items()}
    yield from _segment_rows(segment, rows)


def _new_item_rows(new_items: Report) -> Iterator[MetricRow]:
    yield _metric_row("verdict", NEW_ITEMS, "items@0", new_items["items"])
    yield _metric_row("verdict", NEW_ITEMS, "label_share@0", new_items["share"])
    yield from _segment_rows(NEW_ITEMS, new_items["rows"])


def _hidden_item_rows(cold: Report | None) -> Iterator[MetricRow]:
    """Yield how every row ranks items that no fit had seen; none where no items were hidden."""
    if not cold:
        return
    for name in ("items", "labels"):
        yield _metric_row("verdict", HIDDEN, f"{name}@0", cold[name])
    yield _metric_row("verdict", HIDDEN, "users@0", cold["hidden"]["users"])
    yield from _segment_rows(HIDDEN, cold["hidden"]["rows"])
    yield from _segment_rows(AMONG_ALL, cold["catalogue"]["rows"])
    for subject, gap in cold["gaps"].items():
        yield _metric_row(subject, HIDDEN, "ndcg_ranker_gap@10", gap)


def _hidden_user_rows(report: Report) -> Iterator[MetricRow]:
    """Yield how lists from attributes do beside the fallback; none where nobody was judged."""
    if not report.get("rows"):
        return
    yield _metric_row("verdict", HIDDEN_USERS, "users@0", report["users"])
    rows = {HIDDEN_USER_SUBJECTS[name]: metrics for name, metrics in report["rows"].items()}
    yield from _segment_rows(HIDDEN_USERS, rows)
    for name, gaps in report["gaps"].items():
        subject = HIDDEN_USER_SUBJECTS[name]
        yield _metric_row(subject, HIDDEN_USERS, "ndcg_attributes_gap@10", gaps["ndcg@10"])


def _segment_rows(segment: str, rows: Mapping[str, Report]) -> Iterator[MetricRow]:
    """Yield every metric of every subject in one segment of users."""
    for subject, metrics in rows.items():
        for key, value in metrics.items():
            yield _metric_row(subject, segment, key, value)


def _metric_row(subject: str, segment: str, key: str, value: float | Report) -> MetricRow:
    """Make one row of a plain value or of one with its interval; `key` is the name, @, and k."""
    # Values without an interval are counts, or were measured once for all users.
    name, k = key.split("@")
    interval: tuple[float, float | None, float | None]
    if isinstance(value, Mapping):
        interval = value["value"], value["low"], value["high"]
    else:
        interval = float(value), None, None
    return MetricRow(subject, segment, name, int(k), *interval)
