"""Vectors of users pass the door of items' vectors, show nobody's id, and are of people."""

import numpy as np
import polars as pl
import pytest

from fusion.config import SplitSettings
from fusion.data.splitting.folds import plan_folds
from fusion.runs.stages.keys import fold_key
from tests.fusion.ingest.side_information.test_vectors import GOOD
from tests.fusion.ingest.side_information.test_vectors import matrix as matrix_of

DIMENSIONS = 4


@pytest.fixture
def users(look):
    """Ids of the users of the faultless shop."""
    return look().dataset.user_ids.values.to_list()


@pytest.fixture
def write(tmp_path):
    """Write vectors of users, and return the entry that names them."""

    def lists(ids, rows=None, user="user"):
        made = np.random.default_rng(4).normal(size=(len(ids), DIMENSIONS)).tolist()
        frame = pl.DataFrame({user: ids, "vector": rows or made})
        frame.write_parquet(tmp_path / "people.parquet")
        return {"of": "users", "path": "people.parquet"}

    return lists


def test_they_are_scaled_and_stand_in_the_rows_of_users(look, write, users):
    rows = np.random.default_rng(4).normal(size=(len(users), DIMENSIONS))
    inspection = look(vectors=[write(users, rows.tolist())])
    assert inspection.findings == []
    data = inspection.dataset
    assert data.vectors == {}
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(data.user_vectors["people"], expected, atol=1e-6)
    assert "vectors" not in data.capabilities


def test_a_matrix_of_users_beside_vectors_of_items(look, users, tmp_path):
    of_items = matrix_of(tmp_path)
    values = np.eye(len(users), 3) + 1
    np.save(tmp_path / "people.npy", values)
    (tmp_path / "people.txt").write_text("\n".join(users) + "\n")
    of_users = {"of": "users", "path": "people.npy", "ids": "people.txt"}
    data = look(vectors=[of_items, of_users]).dataset
    assert data.vectors["tones"].shape == (data.n_items, GOOD.shape[1])
    assert data.user_vectors["people"].shape == (data.n_users, 3)


def test_they_are_data_and_no_fit_depends_on_them(look, write, users):
    one, other = (look(vectors=[write(users[::step])]).dataset for step in (1, 2))
    assert len({one.digest, other.digest, look().dataset.digest}) == 3
    assert one.trim_users().digest == look().dataset.trim_users().digest


def test_who_only_has_a_vector_is_a_user(look, write, users):
    data = look(vectors=[write([*users, "new"])]).dataset
    assert data.user_ids.values.to_list() == [*users, "new"]
    assert data.user_vectors["people"][-1].any()
    assert data.user_counts[-1] == 0


@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("vector_dimensions", [1.0, 2.0]),
        ("vector_not_finite", [1.0, float("nan"), 2.0, 3.0]),
        ("vector_zero", [0.0] * 4),
    ],
)
def test_bad_vectors_are_left_out_and_nobody_is_named(look, write, users, code, row):
    rows = np.random.default_rng(4).normal(size=(len(users), DIMENSIONS)).tolist()
    rows[3] = row
    inspection = look(vectors=[write(users, rows)])
    [finding] = inspection.findings
    assert (finding.code, finding.count, finding.subject) == (code, 1, "vectors people")
    assert finding.examples == [{"row": 4}]
    assert not inspection.dataset.user_vectors["people"][3].any()


def test_ids_that_lead_nowhere_are_counted_and_not_shown(look, write, users):
    entry = write([f"x{one}" for one in users])
    found = {one.code: one for one in look(vectors=[entry]).findings}
    missing = found["vectors_of_users_missing"]
    assert (missing.count, missing.total, missing.examples) == (len(users), len(users), [])
    twice = look(vectors=[write([users[0], users[0], *users[1:]])]).findings
    assert [(one.code, one.examples) for one in twice] == [("duplicate_id", [{"row": 2}])]


def test_the_column_of_ids_is_that_of_users(look, write, users):
    entry = write(users, user="member")
    assert [one.code for one in look(vectors=[entry]).findings] == ["missing_column"]
    assert look(vectors=[{**entry, "id": "member"}]).findings == []


def test_pseudonyms_and_an_opt_out_reach_them(look, write, users, tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_PSEUDONYM_KEY", "a key of thirty-two characters or more")
    (tmp_path / "gone.txt").write_text(f"{users[0]}\nonly\n")
    plain = look(vectors=[write(users)]).dataset.user_vectors["people"]
    entry = write([*users, "only"])
    inspection = look(vectors=[entry], pseudonyms=True, opt_out="gone.txt")
    data = inspection.dataset
    assert inspection.notes["opted_out_vectors_people"] == 2
    ids = data.user_ids.values.to_list()
    assert len(ids) == len(users) - 1
    assert all(len(one) == 32 for one in ids)
    # Whoever is left has the vector that they had.
    np.testing.assert_array_equal(data.user_vectors["people"], plain[1:])


def test_a_fold_keeps_its_key_when_later_users_come_and_changes_it_with_a_vector(
    look, write, users
):
    def key(entry):
        data = look(vectors=[entry]).dataset
        return fold_key(plan_folds(data, SplitSettings(), 1).verdict)

    rows = np.random.default_rng(4).normal(size=(len(users) + 1, DIMENSIONS))
    first = key(write(users, rows[:-1].tolist()))
    assert key(write([*users, "new"], rows.tolist())) == first
    rows[5] = [1, 2, 3, 4]
    assert key(write(users, rows[:-1].tolist())) != first
