"""Vectors are read from lists and matrices, checked, scaled, and shared by all folds."""

import re

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from fusion.ingest.settings import DataSettings

NAMES = [str(number) for number in range(1, 25)]
EMPTY = pl.Series([[]] * 24, dtype=pl.List(pl.Float32))
GOOD = np.random.default_rng(1).normal(size=(24, 4))


def lists(folder, rows=None, ids=NAMES, **columns):
    """Write a Parquet file of lists, and return the entry that names it."""
    vectors = pl.Series(GOOD.tolist() if rows is None else rows)
    pl.DataFrame({"item": ids, "vector": vectors, **columns}).write_parquet(
        folder / "Images-2.parquet"
    )
    return {"path": "Images-2.parquet"}


def matrix(folder, values=GOOD, ids=NAMES):
    """Write a matrix and its ids, and return the entry that names them."""
    np.save(folder / "tones.npy", values)
    (folder / "tones.txt").write_text("".join(f"{name}\n" for name in ids))
    return {"path": "tones.npy", "ids": "tones.txt"}


def changed(**rows):
    """The good vectors as lists, those of some items others."""
    return [rows.get(f"v{name}", GOOD[at].tolist()) for at, name in enumerate(NAMES)]


def test_lists_and_matrices_are_scaled_and_stand_in_the_rows_of_items(look, tmp_path):
    inspection = look(vectors=[lists(tmp_path), matrix(tmp_path)])
    assert inspection.findings == []
    data = inspection.dataset
    rows = data.item_ids.rows(pl.Series(NAMES))
    expected = GOOD / np.linalg.norm(GOOD, axis=1, keepdims=True)
    assert [*data.vectors] == ["images_2", "tones"]
    for values in data.vectors.values():
        assert values.dtype == np.float32
        np.testing.assert_allclose(values[rows], expected, atol=1e-6)
    assert {"vectors", "content"} <= data.capabilities


def test_folds_share_the_array_and_the_digest_knows_it(look, tmp_path):
    data = look(vectors=[lists(tmp_path)]).dataset
    plain = look().dataset
    fold = data.before(int(data.times[300])).trim_users().trim_items(20)
    assert np.shares_memory(fold.vectors["images_2"], data.vectors["images_2"])
    assert fold.vectors["images_2"].shape == (20, 4)
    other = look(vectors=[lists(tmp_path, changed(v3=[1.0, 2, 3, 4]))]).dataset
    assert len({data.digest, plain.digest, other.digest}) == 3


@pytest.mark.parametrize(
    ("code", "rows", "severity"),
    [
        ("vector_dimensions", changed(v3=[1.0, 2.0]), "error"),
        ("vector_dimensions", changed(v3=None), "error"),
        ("vector_not_finite", changed(v3=[1.0, float("nan"), 2.0, 3.0]), "error"),
        ("vector_not_finite", changed(v3=[1.0, None, 2.0, 3.0]), "error"),
        ("vector_not_finite", changed(v3=[1.0, float("inf"), 2.0, 3.0]), "error"),
        ("vector_zero", changed(v3=[0.0] * 4), "warning"),
    ],
)
def test_bad_vectors_are_left_out_counted_and_shown(look, tmp_path, code, rows, severity):
    """One of 24 is more than a hundredth, from which on a file is not read as it was meant."""
    inspection = look(vectors=[lists(tmp_path, rows)])
    [finding] = inspection.findings
    assert (finding.code, finding.severity, finding.count, finding.total) == (code, severity, 1, 24)
    assert finding.examples == [{"row": 3, "id": "3"}]
    assert finding.subject == "vectors images_2"
    data = inspection.dataset
    row = data.item_ids.rows(pl.Series(["3"]))[0]
    values = data.vectors["images_2"]
    assert not values[row].any()
    np.testing.assert_allclose(np.linalg.norm(np.delete(values, row, 0), axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("code", "ids", "count"),
    [
        ("null_id", [None, *NAMES[1:]], 1),
        ("duplicate_id", ["2", *NAMES[1:]], 1),
        ("vectors_of_unknown_items", ["99", *NAMES[1:]], 1),
        ("vectors_missing", [f"x{name}" for name in NAMES[:13]] + NAMES[13:], 13),
    ],
)
def test_ids_that_lead_nowhere(look, tmp_path, code, ids, count):
    found = {one.code: one for one in look(vectors=[lists(tmp_path, ids=ids)]).findings}
    assert found[code].count == count


def test_the_first_vector_of_an_id_counts(look, tmp_path):
    data = look(vectors=[lists(tmp_path, ids=["2", *NAMES[1:]])]).dataset
    row = data.item_ids.rows(pl.Series(["2"]))[0]
    np.testing.assert_allclose(
        data.vectors["images_2"][row], GOOD[0] / np.linalg.norm(GOOD[0]), atol=1e-6
    )


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (lambda folder: matrix(folder, GOOD.astype(str)), "the type <U"),
        (lambda folder: matrix(folder, GOOD[:, 0]), r"the shape \(24,\)"),
        (lambda folder: matrix(folder, ids=NAMES[1:]), "24 rows, and tones.txt 23 lines"),
        (lambda folder: lists(folder, ["1,2"] * 24), "holds String, no lists of numbers"),
        (lambda folder: lists(folder, EMPTY), "empty lists"),
        (lambda folder: matrix(folder, GOOD.astype(object)), "they cannot be read"),
    ],
)  # fmt: skip
def test_what_holds_no_vectors_is_an_error(look, tmp_path, plant, says):
    found = {one.code: one for one in look(vectors=[plant(tmp_path)]).findings}
    assert found["vectors_unreadable"].severity == "error"
    assert re.search(says, found["vectors_unreadable"].message)


def test_a_file_that_is_not_there_is_named(look, tmp_path):
    codes = [one.code for one in look(vectors=[{"path": "none.parquet"}]).findings]
    assert codes == ["missing_file"]
    entry = lists(tmp_path) | {"column": "vectr"}
    codes = [one.code for one in look(vectors=[entry]).findings]
    assert codes == ["missing_column"]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([{"path": ""}], "vectors need a path"),
        ([{"path": "a.npy"}], "a matrix without ids"),
        ([{"path": "a.parquet", "ids": "b.txt"}], r"ids go with a \.npy matrix"),
        ([{"path": "画.parquet"}], "is no name for vectors"),
        ([{"path": "x/a.parquet"}, {"path": "y/a.parquet"}], "two of .* are called a"),
        ([{"path": "a.parquet", "of": "events"}], "items"),
        ([{"path": "x/a.parquet"}, {"path": "y/a.parquet", "of": "users"}], "are called a"),
    ],
)
def test_settings_that_cannot_be_meant(entries, says):
    with pytest.raises(ValidationError, match=says):
        DataSettings(interactions="log.csv", vectors=entries)
