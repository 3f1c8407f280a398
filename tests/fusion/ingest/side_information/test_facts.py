"""Facts are read once each, checked, and count for moments after their `valid_from` alone."""

from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from fusion.api import from_frames
from fusion.errors import DataError
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import to_ms
from tests.fusion.ingest.planted import clean_rows

GOOD = [("1", "director", "Mann", ""), ("2", "director", "Lynch", ""), ("1", "year", "1995", "")]


def write(folder: Path, rows) -> str:
    columns = dict(
        zip(("item", "relation", "value", "valid_from"), zip(*rows, strict=True), strict=True)
    )
    pl.DataFrame(columns).write_csv(folder / "facts.csv")
    return "facts.csv"


def table_of(data):
    """Facts by outside ids."""
    ids = data.item_ids.texts(data.facts.table["item"].to_numpy())
    return data.facts.table.with_columns(ids.alias("item")).rows()


def test_facts_stand_in_the_rows_of_items(look, tmp_path):
    inspection = look(facts=write(tmp_path, GOOD))
    assert inspection.findings == []
    data = inspection.dataset
    assert sorted(table_of(data)) == sorted((*row[:3], None) for row in GOOD)
    assert data.facts.relations == ("director", "year")
    assert {"facts", "content"} <= data.capabilities
    assert len({data.digest, look().dataset.digest}) == 2


def test_they_come_from_parquet_and_frames_by_names_of_ones_own(look, tmp_path):
    facts = pl.DataFrame({"film": [1, 2], "what": ["director"] * 2, "who": ["Mann", "Lynch"]})
    facts.write_parquet(tmp_path / "facts.parquet")
    columns = {"item": "film", "relation": "what", "value": "who"}
    of_file = look(facts="facts.parquet", fact_columns=columns).dataset
    settings = {"fact_columns": columns, "columns": {"time": "time", "weight": "weight"}}
    of_frame = from_frames(pl.DataFrame(clean_rows()), settings=settings, facts=facts)
    assert table_of(of_file) == table_of(of_frame) != []
    assert of_file.digest == of_frame.digest


@pytest.mark.parametrize(
    ("code", "more", "count", "example"),
    [
        ("fact_incomplete", [("", "director", "Mann", "")], 1, {"row": 4, "value": "Mann"}),
        ("fact_incomplete", [("1", " ", "Mann", "")], 1, {"row": 4, "item": "1"}),
        ("fact_incomplete", [("1", "director", "", "")], 1, {"row": 4, "item": "1"}),
        ("fact_repeated", [GOOD[0]], 1, {"row": 4, "value": "Mann"}),
        ("unparsable_valid_from", [("3", "award", "Oscar", "soon")], 1, {"row": 4, "item": "3"}),
        ("facts_of_unknown_items", [("99", "director", "Mann", "")], 1, {"id": "99"}),
        ("facts_to_come", [("3", "award", "Oscar", "2099-01-01")], 1, {"value": "Oscar"}),
        (
            "relation_with_one_value",
            [("3", "award", "Oscar", ""), ("4", "award", "Oscar", "")],
            1,
            {"relation": "award", "value": "Oscar"},
        ),
    ],
)  # fmt: skip
def test_planted_faults_are_reported_counted_and_shown(look, tmp_path, code, more, count, example):
    found = {one.code: one for one in look(facts=write(tmp_path, [*GOOD, *more])).findings}
    assert set(found) == {code}
    assert found[code].count == count
    assert {name: found[code].examples[0].get(name) for name in example} == example


def test_the_earliest_time_of_a_repeated_fact_counts_and_none_is_earlier_than_any(look, tmp_path):
    rows = [
        ("1", "award", "Oscar", "2024-01-09"),
        ("1", "award", "Oscar", "2024-01-05"),
        ("2", "award", "Bear", "2024-01-05"),
        ("2", "award", "Bear", ""),
    ]
    table = look(facts=write(tmp_path, rows)).dataset.facts.table
    early = to_ms(pl.Series(["2024-01-05"]), "UTC")[0]
    assert dict(table.select("value", "valid_from").iter_rows()) == {"Oscar": early, "Bear": None}


def test_a_fact_counts_after_its_moment_and_not_at_it(look, tmp_path):
    rows = [*GOOD, ("3", "award", "Oscar", "2024-01-10T00:00:00Z")]
    data = look(facts=write(tmp_path, rows)).dataset
    moment = to_ms(pl.Series(["2024-01-10T00:00:00Z"]), "UTC")[0]
    assert len(data.facts) == 4
    assert len(data.before(moment).facts) == 3
    assert len(data.before(moment + 1).facts) == 4
    # Which relations there are is the same for every fold: columns are made of them.
    assert data.before(moment).facts.relations == data.facts.relations
    assert "facts" in data.before(0).capabilities


def test_a_later_fact_leaves_no_trace_in_an_earlier_fold(look, tmp_path):
    early = look(facts=write(tmp_path, [*GOOD, ("3", "year", "2001", "")])).dataset
    rows = [*GOOD, ("3", "year", "2001", ""), ("4", "year", "2002", "2024-01-15")]
    late = look(facts=write(tmp_path, rows)).dataset
    cut = to_ms(pl.Series(["2024-01-15"]), "UTC")[0]
    assert late.digest != early.digest
    assert late.before(cut).digest == early.before(cut).digest


def test_times_are_taken_from_a_column_of_that_name_unasked(look, tmp_path):
    """Facts that count too early leak, and nobody would see it."""
    path = write(tmp_path, [("1", "award", "Oscar", "2024-01-10")])
    assert look(facts=path).dataset.facts.table["valid_from"].count() == 1
    renamed = pl.read_csv(tmp_path / path).rename({"valid_from": "since"})
    renamed.write_csv(tmp_path / path)
    named = look(facts=path, fact_columns={"valid_from": "since"}).dataset
    assert named.facts.table["valid_from"].count() == 1


def test_times_of_facts_need_times_of_interactions(look, tmp_path):
    dated = write(tmp_path, [("1", "award", "Oscar", "2024-01-10")])
    found = [(one.code, one.severity) for one in look(facts=dated, columns={"time": None}).findings]
    assert found == [("facts_without_times", "error")]
    plain = write(tmp_path, GOOD)
    bare = look(facts=plain, columns={"time": None})
    assert bare.findings == []
    assert len(bare.dataset.facts) == 3


def test_columns_of_facts_without_facts_are_refused():
    with pytest.raises(ValidationError, match=r"\[data.fact_columns\] needs \[data\] facts"):
        DataSettings(interactions="log.csv", fact_columns={"value": "who"})


def test_a_column_that_is_not_there_is_named(look, tmp_path):
    path = write(tmp_path, GOOD)
    found = look(facts=path, fact_columns={"value": "who"}).findings
    assert [one.code for one in found] == ["missing_column"]
    frame = pl.DataFrame({"item": [1], "relation": ["a"], "value": ["b"], "valid_from": ["soon"]})
    with pytest.raises(DataError, match="unparsable_valid_from"):
        from_frames(pl.DataFrame(clean_rows()), settings={"columns": {"time": "time"}}, facts=frame)
