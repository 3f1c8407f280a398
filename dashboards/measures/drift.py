"""Drift of columns between two frames, each beside what chance alone gives.

Numbers are compared by the population stability index over deciles of the reference, categories by
the Jensen-Shannon distance. Both are effect sizes: unlike p-values they do not grow with the number
of rows.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from dashboards.measures.measure import DriftMeasure, Kind
from dashboards.measures.metric_schema import METRIC_SCHEMA
from dashboards.measures.registry import measure_for
from dashboards.settings import MonitorSettings
from fusion.metrics.divergence import counts

log = logging.getLogger(__name__)

Pairs = dict[str, tuple[pl.DataFrame, pl.DataFrame]]
"""Subject -> (reference, current)."""
SEED = 7
"""Samples and splits are the same for the same rows, so that a figure can be repeated."""
SPLITS = 20
"""Random splits of the reference; the largest distance among them is the bound of chance. With a
hundred users chance alone is often above any limit, and who compares every week compares often.
"""


@dataclass(frozen=True)
class ColumnDrift:
    """Movement of one column of one subject from the reference to the current rows.

    Attributes:
        subject: which frame it stands in, such as `users`.
        column: its name.
        kind: how it is drawn.
        method: the name of the measure.
        value: the distance.
        noise: the largest of `SPLITS` distances between random parts of the reference.
        limit: above which it counts, if it is also above the noise.
        drifted: whether it counts.
        reference_rows: rows compared before.
        current_rows: rows compared now.
        moves: whether it moves by itself, as ages do: shown, never counted.
    """

    subject: str
    column: str
    kind: Kind
    method: str
    value: float
    noise: float
    limit: float
    drifted: bool
    reference_rows: int
    current_rows: int
    moves: bool = False

    @property
    def excess(self) -> float:
        """The distance as a multiple of its limit, which compares columns of different measures."""
        return self.value / self.limit


def sampled(frame: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Return at most so many rows, always the same ones of the same frame, in their order.

    Args:
        frame: to draw from.
        rows: how many at most.

    Returns:
        The frame itself where it is small enough.
    """
    if len(frame) <= rows:
        return frame
    chosen = np.random.default_rng(SEED).choice(len(frame), rows, replace=False)
    return frame[np.sort(chosen)]


def drift(
    subjects: Pairs, settings: MonitorSettings, moving: Mapping[str, Collection[str]] | None = None
) -> list[ColumnDrift]:
    """Compare the columns of each subject's frames.

    Dates and times are left out: they move by themselves. A column that one side lacks counts as
    missing in each of its rows, so that a lost column is named. A subject with no rows on a side is
    left out, with a warning.

    Args:
        subjects: the (reference, current) frames of each subject.
        settings: limits, and how many rows a side are compared.
        moving: columns by subject that move by themselves, such as ages: they are measured, and
            never count as drifted.

    Returns:
        One row a column, subject after subject.
    """
    columns: list[ColumnDrift] = []
    for subject, (reference, current) in subjects.items():
        if reference.is_empty() or current.is_empty():
            sizes = (len(reference), len(current))
            log.warning("drift skipped subject=%s reference=%d current=%d", subject, *sizes)
            continue
        # Measured like all others, so that people see by how much they moved.
        moves_by_itself = (moving or {}).get(subject, ())
        for column in _compare_frames(subject, reference, current, settings):
            moves = column.column in moves_by_itself
            columns.append(replace(column, moves=True, drifted=False) if moves else column)
    return columns


def drift_rows(columns: Sequence[ColumnDrift]) -> pl.DataFrame:
    """Return figures of drift as rows of the table `metric`.

    A column stands as segment. It has its distance, under the measure's name, and what chance alone
    gives (`psi_chance`, ...); a subject has `drifted_share` under the segment `all`.

    Args:
        columns: as `drift` returns them.

    Returns:
        Rows of `METRIC_SCHEMA`; `k` is 0, `low` and `high` are null.
    """
    values = [(one.subject, one.column, one.method, one.value) for one in columns]
    chance = [(one.subject, one.column, f"{one.method}_chance", one.noise) for one in columns]
    shares = [(name, "all", "drifted_share", share) for name, share in drifted_shares(columns)]
    # Drift is no figure of lists: it has no length `k`, and no interval.
    rows = [(*keys, 0, value, None, None) for *keys, value in values + chance + shares]
    return pl.DataFrame(rows, schema=METRIC_SCHEMA, orient="row")


def drifted_shares(columns: Sequence[ColumnDrift]) -> list[tuple[str, float]]:
    """Return the share of each subject's columns that drifted.

    Args:
        columns: as `drift` returns them.

    Returns:
        (subject, share), in order of first appearance. Columns that move by themselves do not
        count; a subject that has no others is left out.
    """
    flags: dict[str, list[bool]] = {}
    for column in columns:
        if not column.moves:
            flags.setdefault(column.subject, []).append(column.drifted)
    shares = []
    for subject, drifted in flags.items():
        shares.append((subject, sum(drifted) / len(drifted)))
    return shares


def _compare_frames(
    subject: str, reference: pl.DataFrame, current: pl.DataFrame, settings: MonitorSettings
) -> list[ColumnDrift]:
    """Compare all columns of a subject that either side has, in the order of the reference."""
    before = sampled(reference, settings.sample)
    now = sampled(current, settings.sample)
    columns = []
    for name in dict.fromkeys([*before.columns, *now.columns]):
        left = _column(before, now, name)
        right = _column(now, before, name)
        if not left.dtype.is_temporal():
            columns.append(_compare(subject, left, right, settings))
    return columns


def _compare(
    subject: str, reference: pl.Series, current: pl.Series, settings: MonitorSettings
) -> ColumnDrift:
    measure = measure_for(reference, current)
    value = _distance(measure, *measure.to_codes(reference, current))
    noise = _noise(reference, measure, len(current))
    limit = measure.limit(settings)
    return ColumnDrift(
        subject=subject,
        column=reference.name,
        kind=measure.kind,
        method=measure.name,
        value=value,
        noise=noise,
        limit=limit,
        # A distance that random parts of the reference reach too says nothing of a change.
        drifted=value > max(limit, noise),
        reference_rows=len(reference),
        current_rows=len(current),
    )


def _column(frame: pl.DataFrame, other: pl.DataFrame, name: str) -> pl.Series:
    """Return a column; one that is absent is missing in each row, of the other side's type."""
    if frame.schema.get(name, pl.Null()) != pl.Null:
        return frame[name]
    return pl.Series(name, [None] * len(frame), dtype=other[name].dtype)


def _distance(measure: DriftMeasure, first: np.ndarray, second: np.ndarray) -> float:
    return measure.distance(*counts(first, second))


def _noise(reference: pl.Series, measure: DriftMeasure, current_rows: int) -> float:
    """Compare random parts of the reference in the bins that the whole reference has."""
    codes, _ = measure.to_codes(reference, reference)
    size = min(len(codes) // 2, current_rows)
    if size == 0:
        return 0.0
    of_bins = np.bincount(codes)
    of_bins = of_bins[of_bins > 0]
    # Rows of one bin are alike: how many of each fall into a part is all there is to draw.
    parts = np.random.default_rng(SEED).multivariate_hypergeometric(
        of_bins, size, SPLITS, method="marginals"
    )
    return max(measure.distance(of_bins - part, part) for part in parts)
