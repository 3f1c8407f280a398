"""The verdict as rows, for reports, dashboards and the table `metric`, and as lines for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from dashboards.drift import METRIC_SCHEMA

GROUPS = {"ranker": "ranker", "blend": "blend", "random": "control"}
NEW_ITEMS = "new_items"
"""The segment of figures about items without a history."""
Figure = tuple[str, str, str, int, float, float | None, float | None]


def verdict_rows(report: Mapping[str, Any]) -> pl.DataFrame | None:
    """The verdict as rows: row, kind, ndcg, low, high, chosen, and a column each of more figures; None without one."""
    if not report:
        return None
    rows = [
        {
            "row": name,
            "kind": GROUPS.get(name, "source"),
            "ndcg": row["ndcg@10"]["value"],
            "low": row["ndcg@10"]["low"],
            "high": row["ndcg@10"]["high"],
            "chosen": name == report["chosen"],
            **_more(report, name),
        }
        for name, row in report["rows"].items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _more(report: Mapping[str, Any], name: str) -> dict[str, float]:
    """Figures of a row by what people call them; what an older verdict lacks is left out."""
    row, auc, new = report["rows"][name], report.get("auc", {}), report.get("new_items", {})
    found = {title: row[key]["value"] for title, key in (("recall@20", "recall@20"), ("hit@10", "hit@10"))}
    found |= {"AUC": auc["rows"][name]["value"]} if name in auc.get("rows", {}) else {}
    found |= {key.replace("_", " "): value for key, value in report["lists"][name].items()}
    for kind in ("routes", "segments"):
        found |= {f"NDCG@10 {part}": of["ndcg@10"][name] for part, of in report.get(kind, {}).items()}
    if new.get("labels"):
        found |= {
            "new items listed": new["rows"][name]["places@10"],
            "new items found@20": new["rows"][name]["recall@20"],
        }
    return found


def metric_rows(report: Mapping[str, Any], feature_psi: Mapping[str, float]) -> pl.DataFrame:
    """Everything that a training measured, in the columns of the table `metric`."""
    psi: list[Figure] = [("features", name, "gate_psi", 0, value, None, None) for name, value in feature_psi.items()]
    return pl.DataFrame([*_figures(report), *psi], schema=METRIC_SCHEMA, orient="row")


def _figures(report: Mapping[str, Any]) -> Iterator[Figure]:
    for subject, row in report["rows"].items():
        yield from (_with_interval(subject, "all", key, interval) for key, interval in row.items())
    for subject, interval in report["auc"]["rows"].items():
        yield _with_interval(subject, "all", "auc@0", interval)
    for subject, row in report["lists"].items():
        yield from (_plain(subject, "all", key, value) for key, value in row.items())
    for part, found in {**report["routes"], **report["segments"]}.items():
        yield _plain("verdict", part, "users@0", found["users"])
        yield from (_plain(subject, part, "ndcg@10", value) for subject, value in found["ndcg@10"].items())
    yield from _cold(report["cold"])
    yield from _new_items(report["new_items"])


def _cold(report: Mapping[str, Any] | None) -> Iterator[Figure]:
    """Of users without a history: the fallback of their segment, and that of all for everyone."""
    if report is None:
        return
    names = {"fallback": "fallback", "all": "fallback_all"}
    for name, subject in names.items():
        yield _with_interval(subject, "cold", "ndcg@10", report["ndcg@10"][name])
        yield _plain(subject, "cold", "hit@10", report["hit@10"][name])
        for segment, found in report["segments"].items():
            yield _plain(subject, f"cold, {segment}", "ndcg@10", found["ndcg@10"][name])


def _new_items(report: Mapping[str, Any]) -> Iterator[Figure]:
    yield _plain("verdict", NEW_ITEMS, "items@0", report["items"])
    yield _plain("verdict", NEW_ITEMS, "label_share@0", report["share"])
    for subject, row in report["rows"].items():
        yield from (_plain(subject, NEW_ITEMS, key, value) for key, value in row.items())


def _with_interval(subject: str, segment: str, key: str, interval: Mapping[str, float]) -> Figure:
    name, k = key.split("@")
    return subject, segment, name, int(k), interval["value"], interval["low"], interval["high"]


def _plain(subject: str, segment: str, key: str, value: float) -> Figure:
    name, k = key.split("@")
    return subject, segment, name, int(k), float(value), None, None


def route_lines(report: Mapping[str, Any]) -> list[str]:
    """How well each kind of user is served, and new items: a line each where there are any."""
    parts = [
        f"{route} {found['users']:,} users {found['ndcg@10'][report['chosen']]:.4f}"
        for route, found in report["routes"].items()
        if route != "cold"
    ]
    cold, new = report["cold"], report["new_items"]
    if cold:
        fallback, everyone, random = (cold["ndcg@10"][name]["value"] for name in ("fallback", "all", "random"))
        apart = f"that of all {everyone:.4f}, " if cold["segments"] else ""
        parts.append(f"cold {cold['users']:,} users {fallback:.4f} by the fallback ({apart}random {random:.4f})")
    lines = [f"NDCG@10 by route: {', '.join(parts)}."]
    if new["labels"]:
        row = new["rows"][report["chosen"]]
        lines.append(
            f"New items: {new['share']:.1%} of labels and {row['places@10']:.1%} of listed places; "
            f"{row['recall@20']:.1%} of these labels are in the first 20."
        )
    return lines
