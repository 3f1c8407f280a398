"""The figures of a run that the dashboard over runs draws, by name."""

from collections.abc import Sequence

import polars as pl

from dashboards.measures.drift import ColumnDrift, drifted_shares
from dashboards.measures.stability import Stability
from fusion.errors import DataError

VERDICT_COLUMNS = ("row", "kind", "ndcg", "chosen")
LISTS = (
    "churn",
    "jaccard",
    "jaccard_chance",
    "rbo",
    "rbo_chance",
    "top1_changed",
    "coverage",
    "gini",
    "popularity",
)


def figures(
    drift: Sequence[ColumnDrift], stability: Stability | None, verdict: pl.DataFrame | None
) -> dict[str, float]:
    """Return the figures of a run by name.

    Args:
        drift: of all columns.
        stability: of the lists; None on a first run.
        verdict: as `write_report` takes it.

    Returns:
        Figures that are known; the others are left out.
    """
    # What is missing leaves a gap in its line, which says more than a zero would.
    values = {"columns_compared": float(len(drift))}
    for subject, share in drifted_shares(drift):
        values[f"drifted_{subject}"] = share
    if stability is not None:
        for name in LISTS:
            value = stability.value(name)
            if value is not None:
                values[name] = value
        kept = stability.value("items_kept")
        if kept is not None:
            values["items_lost"] = 1 - kept
    if verdict is not None:
        values |= _ndcg(verdict)
    return values


def check_verdict(verdict: pl.DataFrame | None) -> None:
    """See that a verdict frame has the columns that pages need.

    Args:
        verdict: as `write_report` takes it.

    Raises:
        DataError: a column is missing.
    """
    if verdict is None:
        return
    missing = [name for name in VERDICT_COLUMNS if name not in verdict.columns]
    if missing:
        needed = list(VERDICT_COLUMNS)
        raise DataError(f"the verdict lacks the columns {missing}; it needs {needed}")


def _ndcg(verdict: pl.DataFrame) -> dict[str, float]:
    """Return NDCG at 10 of the published method, the best source and the random row."""
    kind = pl.col("kind")
    rows = {
        "ndcg_published": verdict.filter("chosen"),
        "ndcg_best_source": verdict.filter(kind == "source"),
        "ndcg_random": verdict.filter(kind == "control"),
    }
    values = {}
    for name, frame in rows.items():
        highest = frame["ndcg"].max()
        if isinstance(highest, int | float):
            values[name] = float(highest)
    return values
