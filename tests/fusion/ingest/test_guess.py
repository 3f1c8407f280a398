"""Every file that is accepted gets a configuration that runs."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from fusion.errors import ConfigError
from fusion.ingest.guess.draft import Guess
from fusion.ingest.guess.guess import guess
from fusion.ingest.guess.toml import write_config
from fusion.ingest.load import Loaded, load
from fusion.ingest.settings import DataSettings

N = 400
RNG = np.random.default_rng(5)
SHOP_EVENTS = ("view", "view", "add to cart", "purchase", "remove_from_cart")
USERS, ITEMS = RNG.integers(1, 40, N), RNG.integers(100, 130, N)
SECONDS = np.sort(RNG.integers(1_600_000_000, 1_700_000_000, N))
ISO = [
    datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M:%S") for second in SECONDS.tolist()
]


def as_loaded(guessed: Guess, base: Path) -> tuple[DataSettings, Loaded]:
    settings = DataSettings(**tomllib.loads(write_config(guessed))["data"])
    assert settings == DataSettings(**guessed.settings)
    return settings, load(settings, base)


SHAPES: dict[str, tuple[dict[str, Any], Callable[[pl.DataFrame, Path], str], dict[str, Any]]] = {}


def shape(name: str, columns: dict[str, Any], expected: dict[str, Any], write: Any = None) -> None:
    def csv(frame: pl.DataFrame, folder: Path) -> str:
        frame.write_csv(folder / "log.csv")
        return "log.csv"

    SHAPES[name] = (columns, write or csv, expected)


def parquet(frame: pl.DataFrame, folder: Path) -> str:
    (folder / "parts").mkdir()
    frame[:200].write_parquet(folder / "parts" / "0.parquet")
    frame[200:].write_parquet(folder / "parts" / "1.parquet")
    return "parts"


def german(frame: pl.DataFrame, folder: Path) -> str:
    text = frame.write_csv(separator=";", decimal_comma=True)
    (folder / "log.csv").write_text("\ufeff" + text, "utf-8")
    return "log.csv"


shape(
    "movielens",
    {"userId": USERS, "movieId": ITEMS, "rating": RNG.integers(1, 11, N) / 2, "timestamp": SECONDS},
    {"user": "userId", "item": "movieId", "weight": "rating", "time": "timestamp"},
)
shape(
    "parquet with a session",
    {"session_id": np.arange(N), "ts": SECONDS * 1000, "item_id": ITEMS, "user_id": USERS},
    {"user": "user_id", "item": "item_id", "time": "ts"},
    parquet,
)
shape(
    "counts",
    {
        "user": [f"u{u}" for u in USERS],
        "artist": [f"Band {i}" for i in ITEMS],
        "plays": RNG.integers(1, 99, N),
    },
    {"user": "user", "item": "artist", "weight": "plays"},
)
shape(
    "shop log",
    {
        "InvoiceDate": ISO,
        "CustomerID": USERS,
        "StockCode": [f"{i}A" for i in ITEMS],
        "event_type": [SHOP_EVENTS[i % 5] for i in range(N)],
        "price": RNG.random(N),
    },
    {"user": "CustomerID", "item": "StockCode", "time": "InvoiceDate", "event": "event_type"},
)
shape("no times, no names", {"a": USERS, "b": ITEMS}, {"user": "a", "item": "b"})
shape(
    "dates only",
    {"who": [f"p{u}" for u in USERS], "what": ITEMS, "x": [day[:10] for day in ISO]},
    {"user": "who", "item": "what", "time": "x"},
)
shape(
    "chinese",
    {
        "用户ID": USERS,
        "商品ID": ITEMS,
        "行为": [("点击", "购买", "收藏")[i % 3] for i in range(N)],
        "时间": ISO,
    },
    {"user": "用户ID", "item": "商品ID", "event": "行为", "time": "时间"},
)
shape(
    "semicolons, byte order mark, blanks",
    {
        " User Id ": USERS,
        "Book-ISBN": [f"0{i}X" for i in ITEMS],
        "Book-Rating": RNG.integers(1, 11, N) / 2,
    },
    {"user": "User Id", "item": "Book-ISBN", "weight": "Book-Rating"},
    german,
)
shape(
    "names before ids",
    {
        "track_name": [f"T{i}" for i in ITEMS],
        "track_id": ITEMS,
        "user_name": USERS,
        "user_id": USERS,
    },
    {"user": "user_id", "item": "track_id"},
)
shape(
    "a quote and a dot in names",
    {'user "x"': USERS, "item.id": ITEMS},
    {"user": 'user "x"', "item": "item.id"},
)


@pytest.mark.parametrize("name", SHAPES)
def test_files_of_many_shapes_get_a_configuration_that_runs(tmp_path, name):
    columns, write, expected = SHAPES[name]
    frame = pl.DataFrame({column: list(cells) for column, cells in columns.items()})
    guessed = guess(write(frame, tmp_path), tmp_path)
    assert guessed.settings["columns"] == expected
    _, loaded = as_loaded(guessed, tmp_path)
    lost = (
        N
        - loaded.notes["used"]
        - loaded.notes.get("duplicate_rows", 0)
        - loaded.notes.get("unknown_event", 0)
    )
    assert lost == 0
    assert all(finding.severity == "warning" for finding in loaded.findings)


def test_events_get_weights_and_the_contrary_of_liking_none(tmp_path):
    columns, write, _ = SHAPES["shop log"]
    guessed = guess(
        write(pl.DataFrame({c: list(v) for c, v in columns.items()}), tmp_path), tmp_path
    )
    assert guessed.settings["events"] == {"view": 1.0, "add to cart": 3.0, "purchase": 5.0}
    assert any("remove_from_cart" in sentence for sentence in guessed.sentences)
    assert any("read as UTC" in sentence for sentence in guessed.sentences)


def movielens(folder: Path) -> None:
    folder.mkdir()
    columns, write, _ = SHAPES["movielens"]
    write(pl.DataFrame({c: list(v) for c, v in columns.items()}), folder)
    (folder / "log.csv").rename(folder / "ratings.csv")
    ids = list(range(100, 140))
    pl.DataFrame(
        {
            "movieId": ids,
            "title": [f"Film {i} ({i})" for i in ids],
            "genres": ["Drama|War", "Comedy"] * 20,
            "year": [1900 + i for i in ids],
            "imdb_url": [f"http://{i}" for i in ids],
        }
    ).write_csv(folder / "movies.csv")
    pl.DataFrame({"movieId": ids, "imdbId": ids, "tmdbId": ids}).write_csv(folder / "links.csv")
    pl.DataFrame(
        {"userId": [1, 2], "movieId": [100, 101], "tag": ["a", "b"], "timestamp": [1, 2]}
    ).write_csv(folder / "tags.csv")
    pl.DataFrame(
        {
            "userId": range(1, 40),
            "gender": ["F", "M", "F"] * 13,
            "age": range(20, 59),
            "zip": range(39),
        }
    ).write_csv(folder / "people.csv")
    (folder / "README.txt").write_text("a, b\nc, d, e\n")


def test_a_folder_gives_interactions_items_and_users_and_a_word_on_the_rest(tmp_path):
    movielens(tmp_path / "ml")
    guessed = guess("ml", tmp_path)
    settings, loaded = as_loaded(guessed, tmp_path)
    assert (settings.interactions, settings.items, settings.users) == (
        "ml/ratings.csv",
        "ml/movies.csv",
        "ml/people.csv",
    )
    assert settings.item_features.model_dump() == {
        "text": ("title",),
        "category": ("genres",),
        "number": ("year",),
    }
    assert settings.user_features.model_dump() == {"category": ("gender",), "number": ("age",)}
    sentences = " ".join(guessed.sentences)
    assert "links.csv is ignored" in sentences
    assert "tags.csv is ignored" in sentences
    assert loaded.dataset.item_table["genres"][0].to_list() in (["Drama", "War"], ["Comedy"])


def test_named_files_are_taken_and_their_ids_found(tmp_path):
    movielens(tmp_path / "ml")
    films = pl.read_csv(tmp_path / "ml" / "movies.csv").rename({"movieId": "id"})
    films.write_csv(tmp_path / "films.csv")
    guessed = guess("ml/ratings.csv", tmp_path, items="films.csv", users="ml/people.csv")
    settings, loaded = as_loaded(guessed, tmp_path)
    assert settings.item_id == "id"
    assert not [finding for finding in loaded.findings if finding.code == "items_not_in_catalogue"]


def test_one_file_may_hold_interactions_and_items(tmp_path):
    frame = pl.DataFrame(
        {
            "userId": USERS,
            "movieId": ITEMS,
            "title": [f"F{i}" for i in ITEMS],
            "minute": SECONDS % 60,
        }
    )
    frame = frame.with_columns(
        genres=pl.Series(["Drama|War" if i % 2 else "Comedy" for i in ITEMS])
    )
    frame.write_csv(tmp_path / "all.csv")
    settings, loaded = as_loaded(guess("all.csv", tmp_path), tmp_path)
    assert settings.items == "all.csv"
    assert settings.item_features.model_dump() == {
        "text": ("title",),
        "category": ("genres",),
        "number": (),
    }
    assert not [finding for finding in loaded.findings if finding.code == "duplicate_id"]


def test_events_are_known_by_their_words_where_their_column_has_another_name(tmp_path):
    kinds = [("purchase", "click", "view")[i % 3] for i in range(N)]
    frame = pl.DataFrame({"user": USERS, "item": ITEMS, "channel": ["web", "app"] * (N // 2)})
    frame.with_columns(kind=pl.Series(kinds)).write_csv(tmp_path / "log.csv")
    guessed = guess("log.csv", tmp_path)
    settings, _ = as_loaded(guessed, tmp_path)
    assert settings.columns.event == "kind"
    assert settings.events == {"purchase": 5.0, "click": 1.0, "view": 1.0}
    assert any("what 'kind' holds are events" in sentence for sentence in guessed.sentences)


BYTES = b"\xff\0"
ODD_COLUMNS = {
    "bytes": [BYTES, BYTES],
    "text in bytes": [b"a", b"b"],
    "numbers in bytes": [b"1", b"2"],
    "lists": [["a", "b"], ["c"]],
    "lists of bytes": [[BYTES], [BYTES]],
    "lists of records": [[{"x": 1}], [{"x": 2}]],
    "records": [{"x": 1}, {"x": 2}],
    "nothing": [None, None],
}


@pytest.mark.parametrize("name", ODD_COLUMNS)
def test_columns_of_any_type_beside_the_ids_get_a_configuration_that_runs(tmp_path, name):
    odd = pl.Series(name, ODD_COLUMNS[name] * 20)
    log = pl.DataFrame({"user": [i % 7 for i in range(40)], "item": [i % 9 for i in range(40)]})
    log.with_columns(odd).write_parquet(tmp_path / "log.parquet")
    items = pl.DataFrame({"item": range(40), "title": [f"Film {i}" for i in range(40)]})
    items.with_columns(odd).write_parquet(tmp_path / "items.parquet")
    guessed = guess("log.parquet", tmp_path, items="items.parquet")
    assert guessed.settings["columns"] == {"user": "user", "item": "item"}
    settings, _ = as_loaded(guessed, tmp_path)
    assert settings.item_features.text == ("title",)


def test_ids_in_bytes_are_ids(tmp_path):
    ids = {"user": [f"u{i % 7}".encode() for i in range(40)], "item": [i % 9 for i in range(40)]}
    pl.DataFrame(ids).write_parquet(tmp_path / "log.parquet")
    guessed = guess("log.parquet", tmp_path)
    assert guessed.settings["columns"] == {"user": "user", "item": "item"}
    _, loaded = as_loaded(guessed, tmp_path)
    assert loaded.dataset.user_ids.values.sort()[0] == "u0"


def test_files_without_two_ids_are_refused_with_what_there_is(tmp_path):
    pl.DataFrame({"price": [1.5, 2.5]}).write_csv(tmp_path / "a.csv")
    with pytest.raises(ConfigError, match=r"no column could be the user; there are 'price'"):
        guess("a.csv", tmp_path)
    (tmp_path / "b.csv").write_text("user,day\n1,2024-01-01\n")
    with pytest.raises(ConfigError, match="none of the files has"):
        guess(".", tmp_path)


def test_a_column_of_a_type_without_words_is_no_guess(tmp_path):
    frame = pl.DataFrame({"user": [1, 2], "item": [3, 4]}).with_columns(
        time=pl.duration(seconds=pl.col("user"))
    )
    frame.write_parquet(tmp_path / "log.parquet")
    guessed = guess("log.parquet", tmp_path)
    assert guessed.settings["columns"] == {"user": "user", "item": "item"}


def test_a_column_of_times_is_recognised_by_its_cells(tmp_path):
    day = datetime(2024, 1, 1)
    pl.DataFrame({"u": [1, 2], "i": [3, 4], "z": [day, day + timedelta(1)]}).write_parquet(
        tmp_path / "a.parquet"
    )
    guessed = guess("a.parquet", tmp_path)
    assert guessed.settings["columns"]["time"] == "z"
    assert any("'z' holds reads as times" in sentence for sentence in guessed.sentences)
