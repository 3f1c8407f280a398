"""Distributions of columns as bars, from the rows that were measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dashboards.evidently.report_metrics import safe
from dashboards.measures.drift import ColumnDrift, Pairs, sampled
from fusion.metrics.divergence import words

SHOWN = 15
"""Categories in a picture; the rest is one bar."""
BARS = 20
"""Bars of a number."""
TAIL = 0.005
"""Share of values at each end that the outermost bar takes in: one value far out would otherwise
press all others into one bar."""

Columns = dict[tuple[str, str], "Picture"]
"""Pictures by subject and column."""


@dataclass(frozen=True)
class Picture:
    """The distribution of a column before and now.

    Attributes:
        places: of the bars (b,): middles of a number's bars, or categories.
        before: share of the reference rows in each bar (b,); of entries where these are lists.
        now: the same of the current rows (b,).
        missing: share of rows without a value before and now, which are in no bar of a number.
    """

    places: list[float] | list[str]
    before: list[float]
    now: list[float]
    missing: tuple[float, float]


def pictures(columns: Sequence[ColumnDrift], subjects: Pairs) -> Columns:
    """Return the distributions of columns.

    Args:
        columns: as `drift` returned them.
        subjects: the frames that were compared; of one whose rows are gone there are no pictures.

    Returns:
        Pictures; a column without a value on both sides has none.
    """
    drawn: Columns = {}
    for column in columns:
        if column.subject not in subjects:
            continue
        reference, current = subjects[column.subject]
        before = _measured(column, reference, column.reference_rows)
        now = _measured(column, current, column.current_rows)
        draw = _numbers if column.kind == "number" else _categories
        picture = draw(before, now)
        if picture:
            drawn[column.subject, column.column] = picture
    return drawn


def _measured(column: ColumnDrift, frame: pl.DataFrame, rows: int) -> pl.Series:
    """Return a column of the rows that were measured; one that is absent is missing in each."""
    measured = sampled(frame, rows)
    absent = pl.Series(column.column, [None] * len(measured))
    return measured.get_column(column.column, default=absent)


def _numbers(before: pl.Series, now: pl.Series) -> Picture | None:
    before = before.cast(pl.Float64).fill_nan(None)
    now = now.cast(pl.Float64).fill_nan(None)
    values = np.concatenate([before.drop_nulls().to_numpy(), now.drop_nulls().to_numpy()])
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return None
    # A column with one value has bars around it.
    edges = np.histogram_bin_edges(np.quantile(finite, [TAIL, 1 - TAIL]), BARS)
    return Picture(
        places=_rounded((edges[:-1] + edges[1:]) / 2),
        before=_shares(before, edges),
        now=_shares(now, edges),
        missing=(_missing(before), _missing(now)),
    )


def _shares(values: pl.Series, edges: NDArray[np.float64]) -> list[float]:
    """Return the share of all rows in each bar (b,)."""
    known = np.clip(values.drop_nulls().to_numpy(), edges[0], edges[-1])
    counts, _ = np.histogram(known, edges)
    return _rounded(counts / max(len(values), 1))


def _categories(before: pl.Series, now: pl.Series) -> Picture:
    counts = pl.concat([_words(before), _words(now)]).value_counts(sort=True)
    names = counts.to_series(0).to_list()
    common, rare = names[:SHOWN], names[SHOWN:]
    return Picture(
        places=[safe(name) for name in common] + ["(other)"] * bool(rare),
        before=_shares_of_words(before, common, has_rare=bool(rare)),
        now=_shares_of_words(now, common, has_rare=bool(rare)),
        missing=(_missing(before), _missing(now)),
    )


def _shares_of_words(values: pl.Series, common: list[str], *, has_rare: bool) -> list[float]:
    """Return the share of each word among all, and at the end that of the rare ones."""
    texts = _words(values)
    counts = dict(texts.value_counts().iter_rows())
    shown = [counts.get(word, 0) for word in common]
    if has_rare:
        shown.append(len(texts) - sum(shown))
    return _rounded(np.array(shown) / max(len(texts), 1))


def _words(values: pl.Series) -> pl.Series:
    return words(values).fill_null("(missing)")


def _missing(values: pl.Series) -> float:
    return values.null_count() / max(len(values), 1)


def _rounded(values: NDArray[np.float64]) -> list[float]:
    """Keep four digits: a picture shows no more, and a page of many columns stays small."""
    return [float(f"{value:.4g}") for value in values]
