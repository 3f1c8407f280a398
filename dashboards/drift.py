"""Drift of columns between two frames, by measures of our own, each beside what chance alone gives.

Numbers are compared by the population stability index over deciles of the reference, categories by
the Jensen-Shannon distance. Both are effect sizes: unlike p-values they do not grow with the number
of rows.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from dashboards.settings import MonitorSettings
from fusion.metrics.divergence import Ints, category_codes, counts, jensenshannon, number_codes, psi

log = logging.getLogger(__name__)

Kind = Literal["number", "category"]
Method = Literal["psi", "jensenshannon"]
Pairs = dict[str, tuple[pl.DataFrame, pl.DataFrame]]  # subject -> (reference, current)

SEED = 7
SPLITS = 5
METRIC_SCHEMA = pl.Schema(
    {
        "subject": pl.String,
        "segment": pl.String,
        "name": pl.String,
        "k": pl.Int64,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
)


@dataclass(frozen=True)
class ColumnDrift:
    """What one column of one subject did between reference and current."""

    subject: str
    column: str
    kind: Kind
    method: Method
    value: float
    noise: float  # the largest of several distances between random parts of the reference
    limit: float
    drifted: bool  # judged, above the limit and above the noise
    reference_rows: int
    current_rows: int
    moves: bool = False  # by itself: shown, not judged


def sampled(frame: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Give at most `rows` rows, always the same ones of the same frame, in their order."""
    if len(frame) <= rows:
        return frame
    chosen = np.random.default_rng(SEED).choice(len(frame), rows, replace=False)
    return frame[np.sort(chosen)]


def drift(
    subjects: Pairs, settings: MonitorSettings, moving: Mapping[str, Collection[str]] | None = None
) -> list[ColumnDrift]:
    """Compare the columns of each subject's (reference, current) frames.

    Dates and times are left out: they move by themselves. So do the columns that `moving` names by
    subject, such as ages: they are measured, and never called drifted. A column that one side lacks
    counts as missing in each of its rows, so a lost column is named. A subject with no rows on a
    side is left out, with a warning.
    """
    found: list[ColumnDrift] = []
    for subject, (reference, current) in subjects.items():
        if reference.is_empty() or current.is_empty():
            sizes = (len(reference), len(current))
            log.warning("drift skipped subject=%s reference=%d current=%d", subject, *sizes)
            continue
        left, right = sampled(reference, settings.sample), sampled(current, settings.sample)
        names = dict.fromkeys([*left.columns, *right.columns])
        pairs = [(_column(left, right, name), _column(right, left, name)) for name in names]
        columns = [
            _compare(subject, *pair, settings) for pair in pairs if not pair[0].dtype.is_temporal()
        ]
        by_itself = (moving or {}).get(subject, ())
        found += [
            replace(one, moves=True, drifted=False) if one.column in by_itself else one
            for one in columns
        ]
    return found


def noise_floor(
    reference: pl.DataFrame, settings: MonitorSettings, current_rows: int | None = None
) -> dict[str, float]:
    """Give for each column what chance alone gives: the measure between random parts of the reference (A/A).

    The parts are halves, or less for the second when `current_rows` is smaller; the largest of five
    splits counts.
    """
    frame = sampled(reference, settings.sample)
    columns = [column for column in frame if not column.dtype.is_temporal()]
    return {
        column.name: _noise(column, _kind(column), current_rows or len(frame)) for column in columns
    }


def drift_rows(found: Sequence[ColumnDrift]) -> pl.DataFrame:
    """Give the rows for the table `metric`; the column stands as segment.

    A column has its measure (`psi` or `jensenshannon`) and what chance alone gives (`psi_chance`,
    ...); a subject has `drifted_share` under the segment `all`. `k` is 0, `low` and `high` are
    null.
    """
    values = [(one.subject, one.column, one.method, one.value) for one in found]
    chance = [(one.subject, one.column, f"{one.method}_chance", one.noise) for one in found]
    shares = [(subject, "all", "drifted_share", share) for subject, share in drifted_shares(found)]
    rows = [(*row[:3], 0, row[3], None, None) for row in values + chance + shares]
    return pl.DataFrame(rows, schema=METRIC_SCHEMA, orient="row")


def drifted_shares(found: Sequence[ColumnDrift]) -> list[tuple[str, float]]:
    """Give (subject, share of its judged columns that drifted), in the order of first appearance.

    A subject whose columns all move by themselves is left out.
    """
    judged = [one for one in found if not one.moves]
    subjects = dict.fromkeys(one.subject for one in judged)
    flags = {name: [one.drifted for one in judged if one.subject == name] for name in subjects}
    return [(name, sum(values) / len(values)) for name, values in flags.items()]


def _compare(
    subject: str, reference: pl.Series, current: pl.Series, settings: MonitorSettings
) -> ColumnDrift:
    same = _kind(reference) == _kind(current)
    kind = _kind(reference) if same else "category"
    value = _distance(reference, current, kind)
    noise = _noise(reference, kind, len(current))
    return ColumnDrift(
        subject=subject,
        column=reference.name,
        kind=kind,
        method="psi" if kind == "number" else "jensenshannon",
        value=value,
        noise=noise,
        limit=settings.drift_limit,
        drifted=value > max(settings.drift_limit, noise),
        reference_rows=len(reference),
        current_rows=len(current),
    )


def _kind(column: pl.Series) -> Kind:
    return "number" if column.dtype.is_numeric() else "category"


def _column(frame: pl.DataFrame, other: pl.DataFrame, name: str) -> pl.Series:
    """Give a column; one that is absent or has no type is missing in each row, of the other side's type."""
    if frame.schema.get(name, pl.Null()) != pl.Null:
        return frame[name]
    return pl.Series(name, [None] * len(frame), dtype=other[name].dtype)


def _codes(kind: Kind) -> Callable[[pl.Series, pl.Series], tuple[Ints, Ints]]:
    return number_codes if kind == "number" else category_codes


def _measure(kind: Kind, first: Ints, second: Ints) -> float:
    return (psi if kind == "number" else jensenshannon)(*counts(first, second))


def _distance(reference: pl.Series, current: pl.Series, kind: Kind) -> float:
    return _measure(kind, *_codes(kind)(reference, current))


def _noise(reference: pl.Series, kind: Kind, current_rows: int) -> float:
    """Compare random parts of the reference in the bins that the whole reference has."""
    codes, _ = _codes(kind)(reference, reference)
    size = min(len(codes) // 2, current_rows)
    if size == 0:
        return 0.0
    rng = np.random.default_rng(SEED)
    shuffles = (rng.permutation(codes) for _ in range(SPLITS))
    return max(_measure(kind, mixed[size:], mixed[:size]) for mixed in shuffles)
