"""Figures of the attributes of who and what was active in a window."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from fusion.watching import causes
from fusion.watching.figure import Figure, Measurement, count_values, share
from fusion.watching.figures.letter_pairs import CASES, LetterPairs
from fusion.watching.reading.attribute_table import ID, TEXT, AttributeTable
from fusion.watching.scales import AMOUNT, DISTANCE, SHARE


def measure_attributes(
    table: AttributeTable,
    ids: pl.Series,
    edges: Mapping[str, list[float]],
    texts: LetterPairs | None = None,
) -> dict[Figure, Measurement]:
    """Measure the attributes of who or what was active in a window.

    Args:
        table: of users or items.
        ids: (n,) hashes: each active user once, or the item of each event.
        edges: borders of the bins of numbers.
        texts: letters of the table's texts; None where it has none.

    Returns:
        For each column its distribution and the share of empty cells; for items the share of ids
        that the table does not name.
    """
    subject = table.subject
    known = ids.alias(ID).to_frame().join(table.frame, on=ID, how="inner")
    measured: dict[Figure, Measurement] = {}
    if subject == "items":
        outside = Figure(
            subject,
            "outside_file",
            SHARE,
            "events on items that the file lacks",
            high=causes.OUTSIDE,
        )
        measured[outside] = share(len(ids) - len(known), len(ids))
    for name in table.columns:
        cells = known[name]
        blank = Figure(subject, "blank", SHARE, f"empty cells of {name}", name, high=causes.BLANK)
        measured[blank] = share(cells.null_count(), len(cells))
        measured |= _distribution(subject, cells, edges.get(name, []))
    counts = texts.counts(ids) if texts else {}
    if counts:
        letters = Figure(
            subject,
            "letters",
            DISTANCE,
            "distance of the letters of text from those of before",
            TEXT,
            high=causes.MIX,
            far_high=causes.VOCABULARY,
        )
        measured[letters] = Measurement(None, sum(counts.values()) // CASES, counts)
    return measured


def _distribution(subject: str, cells: pl.Series, edges: list[float]) -> dict[Figure, Measurement]:
    """Counts of a column's values; of text the mean length."""
    filled = cells.drop_nulls()
    if cells.name == TEXT:
        length = Figure(
            subject,
            "length",
            AMOUNT,
            "mean letters of text",
            TEXT,
            far_low=causes.VOCABULARY,
            far_high=causes.VOCABULARY,
        )
        mean = filled.str.len_chars().mean()
        return {length: Measurement(float(mean), len(filled))} if len(filled) else {}  # type: ignore[arg-type]
    if filled.dtype == pl.Float64:
        bins = np.searchsorted(edges, filled.to_numpy(), side="left")
        filled = pl.Series(cells.name, bins)
    elif filled.dtype == pl.List(pl.String):
        filled = filled.explode()
    mix = Figure(
        subject,
        "mix",
        DISTANCE,
        f"distance of {cells.name} from that of before",
        cells.name,
        high=causes.MIX,
        far_high=causes.VOCABULARY,
    )
    return {mix: Measurement(None, len(filled), count_values(filled.drop_nulls()))}
