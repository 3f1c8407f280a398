"""Who opted out leaves nothing behind, whether a file or a column says so."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.errors import DataError
from fusion.ingest.checks.registry import LiveIds
from fusion.ingest.load import inspect_data, load
from fusion.ingest.people.opt_out import NO, YES
from fusion.ingest.settings import DataSettings
from tests.fusion.ingest.planted import clean_rows

QUICK = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PEOPLE = [f"{number}" for number in range(1, 101)]


def without(rows, people):
    return [row for row in rows if row["user"] not in people]


def users(**opted_out: str):
    """The table of users, with what the column says of some of them."""
    return [
        {"user": user, "club": "red", "tracking off": opted_out.get(f"u{user}", "")}
        for user in PEOPLE
    ]


@QUICK
@given(st.sets(st.sampled_from(PEOPLE), max_size=60), st.sets(st.sampled_from(PEOPLE), max_size=9))
def test_no_row_of_theirs_is_left(write, tmp_path, by_file, by_table):
    """Loading with a list equals loading files without their rows; how many went is noted."""
    (tmp_path / "out.txt").write_text("\n".join([*by_file, "", "nobody"]))
    gone = by_file | by_table
    table = users(**{f"u{user}": "yes" for user in by_table})
    about = {"user_columns": {"opt_out": "tracking off"}, "user_features": {"category": ["club"]}}
    loaded = load(write(clean_rows(), users=table, opt_out="out.txt", **about), tmp_path)
    plain = {"user_features": {"category": ["club"]}}
    others = without(table, gone)
    expected = load(write(without(clean_rows(), gone), users=others, **plain), tmp_path)
    assert loaded.dataset.digest == expected.dataset.digest
    assert loaded.notes.get("opted_out_users", 0) == len(gone)
    rows = len(clean_rows()) - len(without(clean_rows(), gone))
    assert loaded.notes.get("opted_out_interactions", 0) == rows
    findings = [one for one in loaded.findings if one.code == "opted_out_users"]
    assert [(one.subject, one.count, one.examples) for one in findings] == (
        [("users", len(gone), []), ("interactions", rows, [])] if gone else []
    )


def test_ids_of_the_file_are_read_as_those_of_the_data(write, tmp_path):
    """A byte order mark, line ends of Windows and whole floats; no other character ends a line."""
    (tmp_path / "out.txt").write_bytes("\ufeff7\r\n8.0\n\n9\u202810\n".encode())
    loaded = load(write(clean_rows(), opt_out="out.txt"), tmp_path)
    ids = set(loaded.dataset.user_ids.values)
    assert {"9", "10"} <= ids
    assert ids.isdisjoint({"7", "8"})


@pytest.mark.parametrize("cell", [*YES, *(word.upper() for word in YES), " Yes "])
def test_a_column_says_yes(write, tmp_path, cell):
    data = write(clean_rows(), users=users(u7=cell), user_columns={"opt_out": "tracking off"})
    assert "7" not in set(load(data, tmp_path).dataset.user_ids.values)


@pytest.mark.parametrize("cell", [*NO, *(word.upper() for word in NO)])
def test_a_column_says_no(write, tmp_path, cell):
    data = write(clean_rows(), users=users(u7=cell), user_columns={"opt_out": "tracking off"})
    assert "7" in set(load(data, tmp_path).dataset.user_ids.values)


def test_a_column_of_flags_in_parquet(tmp_path):
    pl.DataFrame(clean_rows()).write_parquet(tmp_path / "log.parquet")
    flags = pl.DataFrame({"user": PEOPLE, "out": [user == "7" for user in PEOPLE]})
    flags.write_parquet(tmp_path / "users.parquet")
    data = DataSettings(
        interactions="log.parquet", users="users.parquet", user_columns={"opt_out": "out"}
    )
    assert "7" not in set(load(data, tmp_path).dataset.user_ids.values)


def test_one_yes_among_the_rows_of_an_id_is_enough(write, tmp_path):
    """The first row of an id counts in all else."""
    table = [*users(), {"user": "7", "club": "red", "tracking off": "true"}]
    data = write(clean_rows(), users=table, user_columns={"opt_out": "tracking off"})
    assert "7" not in set(load(data, tmp_path).dataset.user_ids.values)


def test_a_cell_that_is_neither_yes_nor_no_stops(write, tmp_path):
    data = write(clean_rows(), users=users(u7="maybe"), user_columns={"opt_out": "tracking off"})
    with pytest.raises(DataError, match="1 cells of column 'tracking off' are neither yes nor no"):
        load(data, tmp_path)


@pytest.mark.parametrize(
    ("name", "content"), [("gone.txt", None), ("latin.txt", b"M\xfcller\n"), (".", None)]
)
def test_a_file_that_cannot_be_read_stops(write, tmp_path, name, content):
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="opt_out_unreadable"):
        load(write(clean_rows(), opt_out=name), tmp_path)


def test_a_list_of_whom_nobody_is_in_the_data_is_named(write, tmp_path):
    (tmp_path / "out.txt").write_text("u-7\nu-8\n")
    found = load(write(clean_rows(), opt_out="out.txt"), tmp_path).findings
    assert [(one.code, one.count) for one in found] == [("opted_out_unknown", 2)]


def test_many_who_opt_out_are_no_sign_of_new_ids(write, tmp_path):
    """The live run still knows them."""
    (tmp_path / "out.txt").write_text("\n".join(PEOPLE[:95]))
    live = LiveIds(pl.Series(PEOPLE), pl.Series([], dtype=pl.String))
    plain = inspect_data(write(without(clean_rows(), PEOPLE[:95])), tmp_path, live=live)
    assert "users_not_recurring" in {one.code for one in plain.findings}
    listed = inspect_data(write(clean_rows(), opt_out="out.txt"), tmp_path, live=live)
    assert "users_not_recurring" not in {one.code for one in listed.findings}


def test_forgotten_and_opted_out_counts_as_forgotten(write, tmp_path):
    (tmp_path / "out.txt").write_text("7\n8\n")
    loaded = load(write(clean_rows(), opt_out="out.txt"), tmp_path, left_out=lambda ids: ids == "7")
    assert loaded.notes["forgotten_interactions"] == loaded.notes["opted_out_interactions"] == 12


def test_a_column_needs_the_table_that_holds_it():
    with pytest.raises(ValueError, match="needs \\[data\\] users"):
        DataSettings(interactions="log.csv", user_columns={"opt_out": "out"})
