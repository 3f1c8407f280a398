"""The verdict as rows, for reports, dashboards and the table `metric`, and as lines for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from dashboards.measures.metric_schema import METRIC_SCHEMA

GROUPS = {"ranker": "ranker", "blend": "blend", "random": "control"}
NEW_ITEMS = "new_items"
"""The segment of figures about items without a history."""
WORST = 3
"""Segments named on the terminal, at most."""
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
    found = {
        title: row[key]["value"]
        for title, key in (("recall@20", "recall@20"), ("hit@10", "hit@10"))
    }
    found |= {"AUC": auc["rows"][name]["value"]} if name in auc.get("rows", {}) else {}
    found |= {key.replace("_", " "): value for key, value in report["lists"][name].items()}
    for kind in ("routes", "segments"):
        parts = {part: of["rows"] for part, of in report.get(kind, {}).items() if "rows" in of}
        found |= {f"NDCG@10 {part}": rows[name]["ndcg@10"]["value"] for part, rows in parts.items()}
    if new.get("labels"):
        found |= {
            "new items listed": new["rows"][name]["places@10"],
            "new items found@20": new["rows"][name]["recall@20"],
        }
    return found


def metric_rows(report: Mapping[str, Any], feature_psi: Mapping[str, float]) -> pl.DataFrame:
    """Everything that a training measured, in the columns of the table `metric`."""
    psi: list[Figure] = [
        ("features", name, "gate_psi", 0, value, None, None) for name, value in feature_psi.items()
    ]
    return pl.DataFrame([*_figures(report), *psi], schema=METRIC_SCHEMA, orient="row")


def _figures(report: Mapping[str, Any]) -> Iterator[Figure]:
    yield from _rows("all", report["rows"])
    yield from _rows(
        "all", {subject: {"auc@0": interval} for subject, interval in report["auc"]["rows"].items()}
    )
    yield from _rows("all", report["lists"])
    for part, found in {**report["routes"], **report["segments"]}.items():
        yield _figure("verdict", part, "users@0", found["users"])
        yield from _rows(part, found["rows"])
    if weights := report.get("weights"):
        told = {
            subject: {f"{key}@0": found for key, found in row.items()}
            for subject, row in weights["rows"].items()
        }
        yield from _rows("held_out", told)
        yield _figure("verdict", "held_out", "events@0", weights["events"])
    yield from _cold(report["cold"])
    yield from _new_items(report["new_items"])


def _cold(report: Mapping[str, Any] | None) -> Iterator[Figure]:
    """Of users without a history: the fallback of their segment, and that of all for everyone."""
    if report is None:
        return
    names = {"fallback": "fallback", "all": "fallback_all"}
    for part, found in {
        "cold": report,
        **{f"cold, {name}": of for name, of in report["segments"].items()},
    }.items():
        yield from _rows(part, {subject: found["rows"][name] for name, subject in names.items()})
        if part != "cold":
            yield _figure("verdict", part, "users@0", found["users"])


def _new_items(report: Mapping[str, Any]) -> Iterator[Figure]:
    yield _figure("verdict", NEW_ITEMS, "items@0", report["items"])
    yield _figure("verdict", NEW_ITEMS, "label_share@0", report["share"])
    yield from _rows(NEW_ITEMS, report["rows"])


def _rows(segment: str, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Figure]:
    for subject, row in rows.items():
        yield from (_figure(subject, segment, key, value) for key, value in row.items())


def _figure(subject: str, segment: str, key: str, found: float | Mapping[str, float]) -> Figure:
    """One row, of a plain figure or of one with its interval; `key` is its name, @, and how deep it looks."""
    name, k = key.split("@")
    if isinstance(found, Mapping):
        return subject, segment, name, int(k), found["value"], found["low"], found["high"]
    return subject, segment, name, int(k), float(found), None, None


def route_lines(report: Mapping[str, Any]) -> list[str]:
    """How well each kind of user is served, and new items: a line each where there are any."""
    parts = [
        f"{route} {found['users']:,} users {_interval(found['rows'][report['chosen']]['ndcg@10'])}"
        for route, found in report["routes"].items()
        if route != "cold"
    ]
    cold, new = report["cold"], report["new_items"]
    if cold:
        everyone, random = (cold["rows"][name]["ndcg@10"]["value"] for name in ("all", "random"))
        apart = f"that of all {everyone:.4f}, " if cold["segments"] else ""
        fallback = _interval(cold["rows"]["fallback"]["ndcg@10"])
        parts.append(
            f"cold {cold['users']:,} users {fallback} by the fallback ({apart}random {random:.4f})"
        )
    lines = [f"NDCG@10 by route: {'; '.join(parts)}."]
    lines += _segment_lines(report)
    if new["labels"]:
        row = new["rows"][report["chosen"]]
        lines.append(
            f"New items: {new['share']:.1%} of labels and {row['places@10']:.1%} of listed places; "
            f"{row['recall@20']:.1%} of these labels are in the first 20."
        )
    lines += _told_lines(report.get("weights"))
    return lines


def _segment_lines(report: Mapping[str, Any]) -> list[str]:
    """Segments whose interval lies below the figure of all, the worst first; nothing where there are none to judge."""
    if not report["segments"]:
        return []
    rows = {name: found["rows"][report["chosen"]] for name, found in report["segments"].items()}
    whole = report["rows"][report["chosen"]]["ndcg@10"]["value"]
    behind = sorted(
        (row["ndcg@10"]["high"], name)
        for name, row in rows.items()
        if row["ndcg@10"]["high"] < whole
    )
    if not behind:
        return [
            f"NDCG@10 by segment: none of {len(rows)} has an interval below {whole:.4f}, the figure of all."
        ]
    named = [
        f"{name} {report['segments'][name]['users']:,} users {_interval(rows[name]['ndcg@10'])}"
        for _, name in behind[:WORST]
    ]
    more = f"; and {len(behind) - WORST} more" if len(behind) > WORST else ""
    return [
        f"NDCG@10 by segment, of {len(rows)} those with an interval below {whole:.4f}: {'; '.join(named)}{more}."
    ]


def _told_lines(report: Mapping[str, Any] | None) -> list[str]:
    """How far off the weights are that sources tell, beside two constants; nothing where none tells any."""
    if not report or not report["events"]:
        return []
    rows = report["rows"].items()
    told = [
        f"{name.replace('_', ' ')} {_interval(row['rmse'])}, {row['mae']['value']:.4f}"
        for name, row in rows
    ]
    return [f"RMSE and MAE of {report['events']:,} weights held out: {'; '.join(told)}."]


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['value']:.4f} [{found['low']:.4f}, {found['high']:.4f}]"
