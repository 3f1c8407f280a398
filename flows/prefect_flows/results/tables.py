"""Results as rows, for artifacts that Prefect shows as tables."""

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from flows.steps.arrivals.watch import WatchOutcome
from flows.steps.retrain.answer import Due
from flows.steps.retrain.loop import Outcome

Rows = list[dict[str, Any]]
NUMBER = "{:.4g}"
UNUSUAL_FIRST = {"alarm": 0, "look": 1, "healthy": 2, "short": 3}
"""States of figures in the order of the table."""


def turn_tables(outcome: Outcome) -> dict[str, Rows]:
    """Return the tables of a turn: the verdict of its training, and the decision.

    Args:
        outcome: of the turn.

    Returns:
        Rows by the name of the table; of what did not happen there are none.
    """
    tables = {}
    if outcome.due:
        tables["decision"] = decision_rows(outcome.due)
    if outcome.trained:
        tables["verdict"] = verdict_rows(outcome.trained.manifest)
    return tables


def verdict_rows(manifest: Mapping[str, Any]) -> Rows:
    """Return NDCG@10 of every method with its interval, best first.

    Args:
        manifest: of the run.
    """
    verdict = manifest["verdict"]
    rows = []
    for name, metrics in verdict["rows"].items():
        ndcg = metrics["ndcg@10"]
        is_chosen = name == verdict["chosen"]
        rows.append(
            {
                "row": name,
                "NDCG@10": round(ndcg["value"], 4),
                "low": round(ndcg["low"], 4),
                "high": round(ndcg["high"], 4),
                "": "chosen" if is_chosen else "",
            }
        )
    return sorted(rows, key=lambda row: -row["NDCG@10"])


def decision_rows(due: Due) -> Rows:
    """Return the policy's answer, and below it every fact that it looked at.

    Args:
        due: the answer.
    """
    answer = "due" if due.due else "not due"
    rows: Rows = [_fact(f"{answer}: {due.trigger}", "answer")]
    for row in due.rows:
        met = "yes" if row.met else "no"
        in_a_row = f"{row.times} of {row.wanted}" if row.role == "trigger" else ""
        rows.append(
            _fact(row.fact, row.role, _number(row.value), _number(row.threshold), met, in_a_row)
        )
    return rows


def _fact(*cells: str) -> dict[str, str]:
    columns = ("fact", "role", "value", "threshold", "met", "in a row")
    return dict(zip_longest(columns, cells, fillvalue=""))


def watch_rows(outcome: WatchOutcome) -> Rows:
    """Return every figure of a watch with what is usual, unusual ones first.

    Args:
        outcome: of the watch.
    """
    rows: Rows = []
    for unit in ("window", "day"):
        span = outcome.facts[unit]
        if span:
            rows += _figures(span["figures"], f"{unit} from {span['start']}")
    rows += _figures(outcome.facts["known"], "sample of the known")
    return sorted(rows, key=lambda row: UNUSUAL_FIRST[row["state"]])


def _figures(figures: Iterable[Mapping[str, Any]], of: str) -> Rows:
    rows = []
    for one in figures:
        name = ".".join(part for part in (one["subject"], one["name"], one["column"]) if part)
        row = {"state": one["state"], "figure": name, "of": of, "value": _number(one["value"])}
        usual = {"low": _number(one["low"]), "high": _number(one["high"])}
        rows.append({**row, **usual, "cause": one["cause"] or ""})
    return rows


def _number(value: float | None) -> str:
    return "" if value is None else NUMBER.format(value)
