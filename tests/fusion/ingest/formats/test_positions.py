"""Files without a line of names: the same rows are the same data, with names or by position."""

import gzip
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from fusion.errors import DataError
from fusion.ingest.formats.delimited import read_header
from fusion.ingest.load import inspect_data, load
from fusion.ingest.settings import DataSettings
from tests.fusion.ingest.planted import clean_rows

NAMES = ["user", "item", "rating", "time"]
CELL = st.text(st.sampled_from("abc019 ,;|\"'é\n"), min_size=1, max_size=5).filter(
    lambda text: text.strip()
)
ROW = st.tuples(CELL, CELL, st.integers(1, 5).map(str), st.integers(10**9, 2 * 10**9).map(str))


def text_of(rows, delimiter: str) -> str:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(NAMES, pl.String), orient="row")
    return frame.write_csv(separator=delimiter, include_header=False, quote_style="always")


def write(folder, name: str, content: str) -> None:
    data = content.encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    rows=st.lists(ROW, min_size=1, max_size=12),
    delimiter=st.sampled_from(",\t;|"),
    ending=st.sampled_from(["csv", "tsv", "csv.gz", "data"]),
    before=st.sampled_from(["", "\ufeff", "\n", "\r\n\n"]),
)
def test_names_and_positions_give_the_same_dataset(tmp_path, rows, delimiter, ending, before):
    rows_text = text_of(rows, delimiter)
    write(tmp_path, f"bare.{ending}", before + rows_text)
    write(tmp_path, f"named.{ending}", delimiter.join(NAMES) + "\n" + rows_text)
    places = {"user": 1, "item": 2, "weight": 3, "time": 4}
    names = {role: NAMES[place - 1] for role, place in places.items()}
    looks = []
    for file, columns in (("bare", places), ("named", names)):
        wanted = DataSettings(interactions=f"{file}.{ending}", columns=columns)
        looks.append(inspect_data(wanted, tmp_path))
    bare, named = looks
    assert [(f.code, f.count) for f in bare.findings] == [(f.code, f.count) for f in named.findings]
    assert bare.notes == named.notes
    assert (bare.dataset is None) == (named.dataset is None)
    if bare.dataset is not None:
        assert bare.dataset.digest == named.dataset.digest


@pytest.mark.parametrize("title", [";;;", ";;;;;;", ",,,,|||||"])
@pytest.mark.parametrize("delimiter", ",\t;|")
def test_a_title_in_quotes_is_not_cut_where_its_own_signs_are(tmp_path, title, delimiter):
    (tmp_path / "bare.csv").write_text(text_of([("u1", title, "1", "1000000000")], delimiter))
    assert (
        read_header(tmp_path / "bare.csv", "interactions", has_names=False).delimiter == delimiter
    )


def test_tables_of_items_and_users_and_checks_by_position(tmp_path):
    rows = clean_rows()
    log = [[row["user"], row["item"], row["weight"], row["time"]] for row in rows]
    items = [[f"Item {n}", str(n), "1999", "new|old"] for n in range(1, 25)]
    users = [["30", str(n), "red"] for n in range(1, 101)]
    for name, content in (("log", log), ("items", items), ("users", users)):
        text = "".join(",".join(row) + "\n" for row in content)
        (tmp_path / f"{name}.csv").write_text(text)
        header = {
            "log": "user,item,w,t",
            "items": "title,item,year,genre",
            "users": "age,user,club",
        }
        (tmp_path / f"{name}-named.csv").write_text(header[name] + "\n" + text)
    by_position = DataSettings(
        interactions="log.csv",
        items="items.csv",
        users="users.csv",
        columns={"user": 1, "item": 2, "weight": 3, "time": 4},
        item_columns={"id": 2},
        user_columns={"id": 2},
        item_features={"text": [1], "number": [3], "category": [4]},
        user_features={"number": [1], "category": [3]},
        positive="`column 3` >= 3",
        checks=[
            {"name": "a", "column": 3, "max": 4},
            {"name": "b", "expression": '"column 3" > 1'},
        ],
    )
    by_name = DataSettings(
        interactions="log-named.csv",
        items="items-named.csv",
        users="users-named.csv",
        columns={"user": "user", "item": "item", "weight": "w", "time": "t"},
        item_features={"text": ["title"], "number": ["year"], "category": ["genre"]},
        user_features={"number": ["age"], "category": ["club"]},
        positive="w >= 3",
        checks=[{"name": "a", "column": "w", "max": 4}, {"name": "b", "expression": "w > 1"}],
    )
    one, other = load(by_position, tmp_path), load(by_name, tmp_path)
    assert [(f.check, f.count) for f in one.findings] == [
        (f.check, f.count) for f in other.findings
    ]
    assert len(one.findings) == 2
    for table in ("item_table", "user_table"):
        renamed = getattr(one.dataset, table)
        known_as = getattr(other.dataset, table).columns
        assert renamed.rename(dict(zip(renamed.columns, known_as, strict=True))).equals(
            getattr(other.dataset, table)
        )
    assert (one.dataset.liked == other.dataset.liked).all()
    assert one.dataset.item_ids.values.equals(other.dataset.item_ids.values)


def test_one_file_of_interactions_and_items_without_names(tmp_path):
    text = "".join(f"{row['user']},{row['item']},Film {row['item']}\n" for row in clean_rows())
    (tmp_path / "log.csv").write_text(text)
    wanted = DataSettings(
        interactions="log.csv",
        items="log.csv",
        columns={"user": 1, "item": 2},
        item_features={"text": [3]},
    )
    dataset = load(wanted, tmp_path).dataset
    assert dataset.item_table["text"][0] == f"Film {dataset.item_ids.values[0]}"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "user by name": (
        {"columns": {"user": "user", "item": 2}},
        r"by name \('user'\) and by position",
    ),
    "a role": ({"columns": {"user": 1, "item": 2, "time": "t"}}, "a line of names or has none"),
    "item by default": ({"columns": {"user": 1}}, r"by name \('item'\)"),
    "a check": (
        {"columns": {"user": 1, "item": 2}, "checks": [{"name": "a", "column": "x", "min": 1}]},
        r"by name \('x'\)",
    ),
    "features": ({"items": "i.csv", "item_features": {"text": [2, "x"]}}, "of the items"),
    "no id": (
        {"columns": {"user": 1, "item": 2}, "items": "i.csv", "item_features": {"text": ["x"]}},
        r"\[data.item_columns\] id is needed",
    ),
    "below 1": ({"columns": {"user": 0, "item": 2}}, "greater than or equal to 1"),
    "twice": ({"columns": {"user": 1, "item": 1}}, "name the one of each"),
}


@pytest.mark.parametrize("case", WRONG)
def test_positions_that_make_no_sense_are_refused(case):
    wrong, words = WRONG[case]
    with pytest.raises(ValidationError, match=words):
        DataSettings(interactions="log.csv", **wrong)


def test_a_position_that_no_row_has(tmp_path):
    (tmp_path / "log.csv").write_text("1,2\n3,4\n")
    wanted = DataSettings(interactions="log.csv", columns={"user": 1, "item": 3})
    with pytest.raises(DataError, match=r"missing_column .* no column 'column 3'"):
        load(wanted, tmp_path)


def test_rows_longer_than_the_first(tmp_path):
    (tmp_path / "log.csv").write_text("1,2\n3,4\n5,6,7\n")
    wanted = DataSettings(interactions="log.csv", columns={"user": 1, "item": 2})
    with pytest.raises(DataError, match=r"ragged_rows .* more cells than the first row's 2"):
        load(wanted, tmp_path)


@pytest.mark.parametrize("kind", ["parquet", "query"])
def test_columns_that_have_names_take_no_positions(tmp_path, kind):
    frame = pl.DataFrame({"user": [1], "item": [2]})
    frame.write_parquet(tmp_path / "log.parquet")
    place: Any = "log.parquet" if kind == "parquet" else {"url": "frame", "query": "log"}
    wanted = DataSettings(interactions=place, columns={"user": 1, "item": 2})
    (finding,) = inspect_data(wanted, tmp_path, read_sql=lambda *_: frame).findings
    assert (finding.code, finding.severity) == ("positions_of_names", "error")


def test_a_title_with_more_commas_than_the_row_has_tabs(tmp_path):
    rows = ["1\tThe Good, the Bad, the Ugly, all", "2\tAlien"]
    (tmp_path / "items.tsv").write_text("\n".join(rows) + "\n")
    header = read_header(tmp_path / "items.tsv", "items", has_names=False)
    assert (header.delimiter, header.names) == ("\t", ["column 1", "column 2"])


def test_stray_quotes_are_seen_in_files_without_names(tmp_path):
    lines = [f"{row['user']},{row['item']},{row['weight']}" for row in clean_rows()]
    lines[40] = '"' + lines[40]
    lines[60] = lines[60] + '"'
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    wanted = DataSettings(interactions="log.csv", columns={"user": 1, "item": 2, "weight": 3})
    found = {finding.code: finding for finding in inspect_data(wanted, tmp_path).findings}
    assert "the quote that opens in line 41" in found["swallowed_rows"].message
