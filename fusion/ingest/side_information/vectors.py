"""Vectors of items and users: read, checked, scaled to a length of 1, and put into rows."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.arrays import Flags, Scores, normalize_rows
from fusion.core.findings import Finding, FindingKind, example_rows
from fusion.data.dataset import Dataset
from fusion.ingest.cell_parsing import id_text
from fusion.ingest.checks.registry import id_examples
from fusion.ingest.formats.file_search import find_files
from fusion.ingest.formats.files import ROW, open_table
from fusion.ingest.reading_findings import DUPLICATE_ID, NULL_ID
from fusion.ingest.side_information.findings import (
    DIMENSIONS,
    FEW_USER_VECTORS,
    FEW_VECTORS,
    MIN_VECTOR_SHARE,
    NOT_FINITE,
    UNKNOWN_VECTORS,
    UNREADABLE_VECTORS,
    ZERO_VECTORS,
)
from fusion.ingest.side_information.settings import VectorSettings

SUBJECT = "vectors {}"
"""Word for vectors by their name, in findings."""


@dataclass(frozen=True)
class VectorTable:
    """Vectors as read, of which every one can be used.

    Attributes:
        of: "items" or "users".
        name: what features and weights call them.
        ids: (n,) outside ids of items or users, each once.
        values: (n, D) float32 of length 1.
    """

    of: Literal["items", "users"]
    name: str
    ids: pl.Series
    values: Scores

    @property
    def subject(self) -> str:
        """Word for them, in findings."""
        return SUBJECT.format(self.name)


@dataclass
class _Vectors:
    """Vectors on their way through the checks.

    Attributes:
        settings: the entry that names them.
        rows: `row` and `id` of each.
        values: (n, D) of any number type, or (n,) lists while their lengths differ.
        findings: so far.
    """

    settings: VectorSettings
    rows: pl.DataFrame
    values: NDArray[np.number] | pl.Series
    findings: list[Finding] = field(default_factory=list)

    def leave_out(self, kind: FindingKind, words: str, is_bad: Flags | pl.Series) -> None:
        """Leave flagged vectors out, with a finding.

        Args:
            kind: of the finding.
            words: what is wrong with them.
            is_bad: (n,).
        """
        bad = pl.Series(is_bad)
        count = int(bad.sum())
        if not count:
            return
        message = f"{count} of {len(self.rows)} {words}"
        # No id of a person is shown: pseudonyms are given later.
        shown = [ROW, "id"] if self.settings.of == "items" else [ROW]
        examples = example_rows(self.rows.filter(bad).select(shown))
        subject = SUBJECT.format(self.settings.called)
        finding = kind.finding(subject, count, message, examples, total=len(self.rows))
        self.findings.append(finding)
        self.rows = self.rows.filter(~bad)
        self.values = self.values[(~bad).arg_true()]


def read_vectors(
    settings: VectorSettings, id_column: str, base: Path
) -> tuple[VectorTable, list[Finding]]:
    """Read one entry of `[data] vectors`.

    Args:
        settings: the entry.
        id_column: column of ids where the entry names none.
        base: folder at which relative paths start.

    Returns:
        The vectors that can be used, and findings about the others.

    Raises:
        Unusable: a file or column is not there, or holds no vectors.
    """
    if settings.is_matrix:
        vectors = _of_matrix(settings, base)
    else:
        vectors = _of_lists(settings, id_column, base)
    vectors.leave_out(NULL_ID, "vectors have no id", vectors.rows["id"].is_null())
    is_repeated = ~vectors.rows["id"].is_first_distinct()
    vectors.leave_out(DUPLICATE_ID, "vectors are of an id that had one", is_repeated)
    numbers = np.asarray(vectors.values, np.float32)
    is_finite: Flags = np.asarray(np.isfinite(numbers).all(axis=1))
    vectors.leave_out(NOT_FINITE, "vectors hold what is no number", ~is_finite)
    numbers = numbers[is_finite]
    is_zero: Flags = np.asarray(~numbers.any(axis=1))
    vectors.leave_out(ZERO_VECTORS, "vectors are of zeros", is_zero)
    values = normalize_rows(numbers[~is_zero])
    return VectorTable(settings.of, settings.called, vectors.rows["id"], values), vectors.findings


def _of_lists(settings: VectorSettings, id_column: str, base: Path) -> _Vectors:
    """Open a Parquet file with a list a row, and keep lists of the length that most have."""
    subject = SUBJECT.format(settings.called)
    table = open_table(subject, settings.path, base, None)
    columns = {"id": settings.id or id_column, "vector": settings.column}
    rows = table.pick(columns).filter(~pl.col("blank"))
    kind = rows["vector"].dtype
    if not isinstance(kind, pl.List | pl.Array) or not kind.inner.is_numeric():
        message = f"column {settings.column!r} of {settings.path} holds {kind}, no lists of numbers"
        raise UNREADABLE_VECTORS.stop(subject, message)
    lists = rows["vector"].cast(pl.List(pl.Float32))
    ids = rows.select(ROW, id_text(rows["id"]))
    vectors = _Vectors(settings, ids, lists)
    lengths = lists.list.len().fill_null(0)
    counts = lengths.filter(lengths > 0).value_counts(name="n").sort("n", descending=True)
    if counts.is_empty():
        raise UNREADABLE_VECTORS.stop(subject, f"{settings.path} holds empty lists alone")
    usual = int(counts[lists.name][0])
    words = f"vectors have another number of dimensions than {usual}, as most have"
    vectors.leave_out(DIMENSIONS, words, lengths != usual)
    kept = vectors.values
    assert isinstance(kept, pl.Series)
    vectors.values = kept.explode().to_numpy().reshape(-1, usual)
    return vectors


def _of_matrix(settings: VectorSettings, base: Path) -> _Vectors:
    values, ids = open_matrix(settings, base)
    return _Vectors(settings, ids.to_frame().with_row_index(ROW, offset=1), values)


def open_matrix(settings: VectorSettings, base: Path) -> tuple[NDArray[np.number], pl.Series]:
    """Open a .npy matrix and the text file of its ids.

    Args:
        settings: the entry.
        base: folder at which relative paths start.

    Returns:
        (n, D) of any number type, mapped, and the ids (n,) text, null where there is none.

    Raises:
        Unusable: a file is not there, or holds no vectors.
    """
    subject = SUBJECT.format(settings.called)
    assert settings.ids is not None
    [matrix_file] = find_files(subject, settings.path, base)
    [ids_file] = find_files(subject, settings.ids, base)
    try:
        values = np.load(matrix_file, mmap_mode="r", allow_pickle=False)
        text = ids_file.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError, EOFError) as wrong:  # bytes that are no UTF-8 are a ValueError
        raise UNREADABLE_VECTORS.stop(subject, f"they cannot be read: {wrong}") from wrong
    if values.ndim != 2 or values.dtype.kind not in "fiu":
        message = f"{settings.path} has the shape {values.shape} and the type {values.dtype}"
        raise UNREADABLE_VECTORS.stop(subject, f"{message}; a matrix of numbers is needed")
    # Every line is the id of a row: a blank one stands for a row without an id.
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != len(values):
        message = f"{settings.path} has {len(values)} rows, and {settings.ids} {len(lines)} lines"
        raise UNREADABLE_VECTORS.stop(subject, message)
    ids = pl.Series("id", [line.removesuffix("\r") for line in lines], dtype=pl.String)
    return values, id_text(ids)


def place_vectors(table: VectorTable, data: Dataset) -> tuple[Scores, list[Finding]]:
    """Put vectors into the rows of a dataset's items or users.

    Args:
        table: the vectors.
        data: the dataset; items and users are numbered.

    Returns:
        (I, D) or (U, D) float32, 0 for rows without a vector; and findings about the ids.
    """
    is_of_items = table.of == "items"
    ids = data.item_ids if is_of_items else data.user_ids
    counts = data.item_counts if is_of_items else data.user_counts
    rows = ids.rows(table.ids)
    is_known = rows >= 0
    values = np.zeros((len(ids), table.values.shape[1]), np.float32)
    values[rows[is_known]] = table.values[is_known]
    findings = []
    unknown = table.ids.filter(pl.Series(~is_known))
    # Whoever has a vector is a user, unless they were left out, which is counted elsewhere.
    if len(unknown) and is_of_items:
        n_vectors = len(table.ids)
        message = f"{len(unknown)} of {n_vectors} vectors are of items that are not known"
        examples = id_examples(unknown)
        findings.append(
            UNKNOWN_VECTORS.finding(table.subject, len(unknown), message, examples, total=n_vectors)
        )
    has_none = (counts > 0) & ~values.any(axis=1)
    n_active, count = int((counts > 0).sum()), int(has_none.sum())
    if count > (1 - MIN_VECTOR_SHARE) * n_active:
        message = f"{count} of {n_active} {table.of} with interactions have no vector"
        examples = id_examples(ids.values.filter(pl.Series(has_none))) if is_of_items else []
        kind = FEW_VECTORS if is_of_items else FEW_USER_VECTORS
        findings.append(kind.finding(table.subject, count, message, examples, total=n_active))
    return values, findings
