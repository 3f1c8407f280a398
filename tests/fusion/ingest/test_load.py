from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fusion.errors import DataError
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from tests.fusion.ingest.planted import clean_rows

QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
EVENTS = st.tuples(st.integers(0, 5), st.integers(0, 6), st.integers(0, 8), st.integers(1, 5))
"""User, item, second, weight."""
LOG = st.lists(EVENTS, min_size=8, max_size=40).map(
    lambda rows: [*rows, (0, 0, 0, 1), (1, 1, 0, 1)]
)
EPOCH = 1_700_000_000
SAVED = DataSettings(
    interactions="log.parquet", columns={"user": "u", "item": "i", "time": "t", "weight": "w"}
)


def save(folder: Path, rows: list[tuple[int, int, int, int]]) -> DataSettings:
    frame = pl.DataFrame(rows, schema=["u", "i", "t", "w"], orient="row").with_columns(
        pl.col("t") + EPOCH
    )
    frame.write_parquet(folder / "log.parquet")
    return SAVED


@QUICK
@given(LOG)
def test_rows_come_back_in_time_order_ties_as_in_the_file_duplicates_gone(tmp_path, rows):
    data = load(save(tmp_path, rows), tmp_path).dataset
    unique = list(dict.fromkeys(rows))
    expected = sorted(unique, key=lambda row: row[2])
    users, items = data.user_ids.texts(data.users), data.item_ids.texts(data.items)
    loaded_rows = zip(users, items, data.times // 1000 - EPOCH, data.weights, strict=True)
    assert [(int(u), int(i), int(t), int(w)) for u, i, t, w in loaded_rows] == expected
    assert data.user_ids.values.to_list() == list(dict.fromkeys(str(row[0]) for row in expected))
    assert data.item_ids.values.to_list() == list(dict.fromkeys(str(row[1]) for row in expected))
    assert data.as_of == (EPOCH + expected[-1][2]) * 1000 + 1
    assert (data.users.dtype, data.items.dtype, data.times.dtype) == (np.int32, np.int32, np.int64)
    assert (data.weights.dtype, data.liked.dtype) == (np.float32, np.bool_)


@QUICK
@given(LOG, st.sets(st.integers(0, 5)))
def test_people_left_out_leave_nothing_behind(tmp_path, rows, people):
    """Loading without people equals loading a file without their rows; the number is noted."""
    rows = [*rows, (6, 0, 0, 1), (7, 1, 0, 1)]
    gone = [row for row in rows if row[0] in people]
    loaded = load(
        save(tmp_path, rows), tmp_path, left_out=lambda ids: ids.is_in([str(one) for one in people])
    )
    expected = load(save(tmp_path, [row for row in rows if row[0] not in people]), tmp_path)
    assert loaded.dataset.digest == expected.dataset.digest
    assert loaded.dataset.user_ids.values.to_list() == expected.dataset.user_ids.values.to_list()
    assert loaded.notes.get("forgotten_interactions", 0) == len(gone)
    counts = [
        (one.code, one.count, one.examples)
        for one in loaded.findings
        if one.code == "forgotten_users"
    ]
    assert counts == ([("forgotten_users", len(gone), [])] if gone else [])


def test_ties_keep_the_order_of_a_long_file(tmp_path):
    n = 50_000
    times = np.random.default_rng(1).integers(0, 5, n)
    frame = pl.DataFrame(
        {"u": np.arange(n) % 7, "i": np.arange(n), "t": times + EPOCH, "w": np.ones(n)}
    )
    frame.write_parquet(tmp_path / "log.parquet")
    data = load(SAVED, tmp_path).dataset
    order = data.item_ids.texts(data.items).cast(pl.Int64).to_numpy()
    assert np.array_equal(order, np.argsort(times, kind="stable"))


@QUICK
@given(LOG, st.integers(0, 8), st.data())
def test_later_rows_never_renumber_earlier_ones(tmp_path, rows, cut, draw):
    """Loading as of a moment equals loading a file without later rows, wherever they stood."""
    moment = datetime.fromtimestamp(EPOCH + cut, UTC)
    rows = [*rows, (0, 0, -1, 1), (1, 1, -1, 1)]
    early = [row for row in rows if row[2] < cut]
    later = draw.draw(
        st.lists(
            EVENTS.map(lambda row: (row[0] + 90, row[1] + 90, cut + row[2], row[3])), max_size=9
        )
    )
    whole = load(save(tmp_path, rows), tmp_path, moment).dataset
    part = load(save(tmp_path, early), tmp_path, moment).dataset
    more = load(save(tmp_path, [*later, *rows]), tmp_path, moment).dataset
    assert whole.digest == part.digest == more.digest
    everything = load(save(tmp_path, rows), tmp_path).dataset
    assert everything.item_ids.values.head(part.n_items).to_list() == part.item_ids.values.to_list()
    assert everything.user_ids.values.head(part.n_users).to_list() == part.user_ids.values.to_list()
    assert everything.before(part.as_of).users.tolist() == part.users.tolist()


def test_later_items_stand_in_the_table_only_if_the_catalogue_names_them(tmp_path):
    rows = [(1, 1, 0, 1), (2, 2, 1, 1), (3, 3, 5, 1), (4, 4, 5, 1)]
    plain = save(tmp_path, rows)
    pl.DataFrame({"i": [3, 1, 9], "name": ["c", "a", "z"]}).write_csv(tmp_path / "items.csv")
    named = plain.model_copy(update={"items": "items.csv"})
    data = load(named, tmp_path, datetime.fromtimestamp(EPOCH + 5, UTC)).dataset
    assert data.item_ids.values.to_list() == ["1", "2", "3", "9"]
    assert data.user_ids.values.to_list() == ["1", "2"]
    assert data.as_of == (EPOCH + 5) * 1000


def test_tables_stand_in_row_order_and_missing_stays_missing(write, tmp_path):
    items = [
        {
            "id": "new",
            "title": "New",
            "about": None,
            "kind": "a|b",
            "year": "2001,5",
            "from": "2024-05-01",
        },
        {"id": "2", "title": "Two", "about": "second", "kind": "", "year": "x", "from": None},
    ]
    users = [{"user": "5.0", "sex": "f", "age": "30"}, {"user": "new", "sex": None, "age": "inf"}]
    data = load(
        write(
            clean_rows(),
            items=items,
            users=users,
            timezone="Asia/Shanghai",
            item_columns={"id": "id", "available_from": "from"},
            item_features={"text": ["title", "about"], "category": ["kind"], "number": ["year"]},
            user_features={"category": ["sex"], "number": ["age"]},
        ),
        tmp_path,
    ).dataset
    table = data.item_table.with_columns(data.item_ids.values)
    assert data.item_table.columns == ["text", "kind", "year", "available_from"]
    assert data.item_table.dtypes == [pl.String, pl.List(pl.String), pl.Float64, pl.Int64]
    assert len(data.item_table) == data.n_items == 25
    shown = table.filter(pl.col("id").is_in(["2", "new", "4"])).sort("id").rows()
    assert shown == [
        ("Two · second", None, None, None, "2"),
        (None, None, None, None, "4"),
        ("New", ["a", "b"], 2001.5, 1714492800000, "new"),
    ]
    assert data.user_table.dtypes == [pl.String, pl.Float64]
    assert data.user_table.with_columns(data.user_ids.values).drop_nulls("sex").rows() == [
        ("f", 30.0, "5")
    ]
    assert data.user_ids.values[-1] == "new"
    assert data.user_table["age"][-1] is None, "an infinite number is no number"
    assert data.listable(1714492799999).sum() == 24
    assert data.listable(1714492800000).all()


def test_of_several_rows_for_an_item_the_first_counts(write, tmp_path):
    items = [{"item": "1", "title": name} for name in ("first", "second", "third")]
    data = load(
        write(clean_rows(), items=items, item_features={"text": ["title"]}), tmp_path
    ).dataset
    assert data.item_table["text"].drop_nulls().to_list() == ["first"]


def test_events_and_weights_multiply_and_positive_uses_both(tmp_path):
    (tmp_path / "log.csv").write_text(
        "user,item,kind,n,dwell\n1,1,buy,2,9\n1,2,view,3,9\n2,1,view,1,\n2,2,buy,1,1\n"
    )
    given = {
        "interactions": "log.csv",
        "columns": {"event": "kind", "weight": "n"},
        "events": {"buy": 5, "view": 0.5},
    }
    data = load(
        DataSettings(**given, positive="event = 'buy' and weight > 5 or dwell >= 9"), tmp_path
    ).dataset
    assert data.weights.tolist() == [10, 1.5, 0.5, 5]
    assert data.liked.tolist() == [True, True, False, False]
    assert data.has_weights
    plain = DataSettings(interactions="log.csv", columns={"event": "kind"}, positive="n > 1")
    data = load(plain, tmp_path).dataset
    assert data.weights.tolist() == [1, 1, 1, 1]
    assert data.liked.tolist() == [True, True, False, False]
    assert not data.has_weights


def test_without_times_the_order_of_the_file_stays(tmp_path):
    (tmp_path / "log.csv").write_text("user,item\nb,y\na,x\nb,x\nb,x\n")
    loaded = load(DataSettings(interactions="log.csv"), tmp_path)
    data = loaded.dataset
    assert not data.has_times
    assert data.times.tolist() == [0, 0, 0]
    assert data.user_ids.values.to_list() == ["b", "a"]
    assert data.items.tolist() == [0, 1, 1]
    assert data.liked.all()
    assert loaded.notes["duplicate_rows"] == 1
    assert data.item_table.width == data.user_table.width == 0


def test_text_and_parquet_of_the_same_content_give_the_same_dataset(tmp_path):
    frame = pl.DataFrame(clean_rows()).cast(
        {"user": pl.Float64, "item": pl.Int16, "weight": pl.Float32}
    )
    frame = frame.with_columns(pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%SZ"))
    frame.write_csv(tmp_path / "log.csv")
    frame.write_parquet(tmp_path / "log.parquet")
    named = {"columns": {"time": "time", "weight": "weight"}}
    digests = {
        load(DataSettings(interactions=name, **named), tmp_path).dataset.digest
        for name in ("log.csv", "log.parquet")
    }
    assert len(digests) == 1


@pytest.mark.parametrize("last", [pl.Int64, pl.String, pl.Categorical, pl.Float64])
def test_parts_that_write_ids_in_other_types_name_the_same_users(tmp_path, last):
    rows = pl.DataFrame({"user": [7, 8, 7], "item": [3, 3, 4], "time": [EPOCH + 9, EPOCH, EPOCH]})
    later = rows.with_columns(pl.col("time") - 5, user=pl.Series([9, 7, 8]))
    (tmp_path / "logs").mkdir()
    rows.cast({"user": pl.Int32}).write_parquet(tmp_path / "logs" / "1.parquet")
    other = later.with_columns(pl.col("user").cast(pl.String)) if last != pl.Float64 else later
    other.cast({"user": last}).write_parquet(tmp_path / "logs" / "2.parquet")
    settings = DataSettings(interactions="logs", columns={"time": "time"})
    data = load(settings, tmp_path).dataset
    # By time: those of the second file stand 5 seconds before their likes in the first one.
    assert data.user_ids.texts(data.users).to_list() == ["7", "8", "8", "7", "9", "7"]
    # By their first event in time, not by the file in which they stand first.
    assert data.user_ids.values.to_list() == ["7", "8", "9"]


def test_lists_of_words_are_text_too(tmp_path):
    pl.DataFrame({"user": [1, 2], "item": [1, 2]}).write_parquet(tmp_path / "log.parquet")
    pl.DataFrame({"item": [1, 2], "tags": [["a", "b"], []], "n": [7, None]}).write_parquet(
        tmp_path / "items.parquet"
    )
    settings = DataSettings(
        interactions="log.parquet", items="items.parquet", item_features={"text": ["n", "tags"]}
    )
    assert load(settings, tmp_path).dataset.item_table["text"].to_list() == ["7 · a, b", None]


def test_queries_are_loaded_like_files(tmp_path):
    source = {"url": "sqlite://", "query": "select"}
    frame = pl.DataFrame({"user": [1, 1, 2], "item": ["a", "b", "b"]})
    data = load(DataSettings(interactions=source), tmp_path, None, lambda url, query: frame).dataset
    assert data.user_ids.values.to_list() == ["1", "2"]


def test_nothing_before_as_of_is_an_error(write, tmp_path):
    with pytest.raises(DataError, match="of 1200 interactions none can be used"):
        load(write(clean_rows()), tmp_path, datetime(2020, 1, 1))
