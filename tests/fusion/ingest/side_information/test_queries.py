"""Queries are read once each, checked, shown to nobody, and count for later moments alone."""

from pathlib import Path

import polars as pl
import pytest

from fusion.api import from_frames
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import to_ms
from tests.fusion.ingest.planted import clean_rows

DAY_5 = "2024-01-05T00:00:00Z"
GOOD = [
    ("1", "blue jazz", "2024-01-03"),
    ("1", "green tea", DAY_5),
    ("2", "blue jazz", "2024-01-04"),
]
TITLES = pl.DataFrame({"item": [str(number) for number in range(1, 25)]}).with_columns(
    title=pl.format("thing {}", "item")
)


def write(folder: Path, rows) -> str:
    columns = dict(zip(("user", "text", "time"), zip(*rows, strict=True), strict=True))
    pl.DataFrame(columns).write_csv(folder / "queries.csv")
    return "queries.csv"


@pytest.fixture
def seen(look, tmp_path):
    """Look at queries of the faultless shop, whose items have titles."""
    TITLES.write_csv(tmp_path / "items.csv")

    def read(rows, **settings):
        known = {"items": "items.csv", "item_features": {"text": ["title"]}, **settings}
        return look(queries=write(tmp_path, rows), **known)

    return read


def texts_of(data):
    """Queries by outside ids."""
    queries = data.queries
    ids = data.user_ids.texts(queries.users).to_list()
    words = queries.words.gather(queries.texts).to_list()
    return [*zip(ids, words, queries.times.tolist(), strict=True)]


def ms(text):
    return to_ms(pl.Series([text]), "UTC")[0]


def test_queries_stand_in_the_rows_of_users_by_time(seen):
    inspection = seen(list(reversed(GOOD)))
    assert inspection.findings == []
    data = inspection.dataset
    assert sorted(texts_of(data)) == sorted((user, text, ms(time)) for user, text, time in GOOD)
    assert data.queries.users.tolist() == sorted(data.queries.users)
    assert data.queries.words.to_list() == ["blue jazz", "green tea"]


def test_they_are_data_and_no_fit_depends_on_them(seen, look):
    data, fewer = seen(GOOD).dataset, seen(GOOD[:1]).dataset
    assert data.digest != fewer.digest
    assert data.trim_users().digest == fewer.trim_users().digest


def test_they_come_from_frames_and_by_names_of_ones_own(seen, tmp_path):
    frame = pl.DataFrame({"who": [1, 2], "said": ["blue jazz"] * 2, "at": [DAY_5, DAY_5]})
    columns = {"user": "who", "text": "said", "time": "at"}
    settings = {
        "query_columns": columns,
        "columns": {"time": "time", "weight": "weight"},
        "item_features": {"text": ["title"]},
    }
    data = from_frames(pl.DataFrame(clean_rows()), TITLES, settings=settings, queries=frame)
    assert sorted(texts_of(data)) == [(user, "blue jazz", ms(DAY_5)) for user in ("1", "2")]


@pytest.mark.parametrize(
    ("code", "more", "count"),
    [
        ("query_incomplete", [("", "red wine", DAY_5)], 1),
        ("query_incomplete", [("1", "  ", DAY_5)], 1),
        ("query_incomplete", [("1", "red wine", "")], 1),
        ("unparsable_query_time", [("1", "red wine", "soon")], 1),
        ("query_repeated", [GOOD[0]], 1),
        ("queries_to_come", [("1", "red wine", "2099-01-01")], 1),
        ("queries_of_strangers", [(f"{n}", "red wine", DAY_5) for n in range(201, 231)], 30),
    ],
)
def test_planted_faults_are_reported_and_counted_without_a_text(seen, code, more, count):
    inspection = seen([*GOOD, *more])
    [found] = [one for one in inspection.findings if one.code == code]
    assert {one.code for one in inspection.findings} == {code}
    assert found.count == count
    assert "red wine" not in found.text() + str(found.examples)
    assert len(inspection.dataset.queries) == len(GOOD) + (30 if count == 30 else 0)


def test_interactions_without_times_and_items_without_texts_are_named(seen):
    found = seen(GOOD, columns={"time": None}).findings
    assert {"queries_without_times"} <= {one.code for one in found}
    found = seen(GOOD, item_features={"category": ["title"]}).findings
    assert [one.code for one in found] == ["queries_without_texts"]


def test_who_only_wrote_is_a_user_and_who_wrote_later_is_none(seen, tmp_path):
    rows = [*GOOD, ("new", "green tea", "2024-01-06"), ("later", "tea", "2024-01-20")]
    seen(rows)
    settings = DataSettings(
        interactions="log.csv",
        columns={"time": "time"},
        items="items.csv",
        item_features={"text": ["title"]},
        queries="queries.csv",
    )
    early = load(settings, tmp_path, pl.Series(["2024-01-10"]).str.to_datetime()[0]).dataset
    ids = early.user_ids.values.to_list()
    assert ids[-1] == "new"
    assert "later" not in ids
    assert early.user_counts[-1] == 0
    whole = load(settings, tmp_path).dataset
    assert whole.user_ids.values.to_list()[-2:] == ["new", "later"]
    assert len(whole.before(early.as_of).queries) == len(early.queries) == 4


def test_pseudonyms_and_an_opt_out_reach_what_people_wrote(seen, tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_PSEUDONYM_KEY", "a key of thirty-two characters or more")
    (tmp_path / "gone.txt").write_text("1\n")
    inspection = seen([*GOOD, ("new", "tea", DAY_5)], pseudonyms=True, opt_out="gone.txt")
    written = [user for user, *_ in texts_of(inspection.dataset)]
    assert len(written) == 2
    assert all(len(user) == 32 for user in written)
    assert inspection.notes["opted_out_queries"] == 2
