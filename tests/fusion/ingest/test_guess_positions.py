"""`fusion init` sees that a file has no line of names, and gives its columns by position."""

import tomllib

import numpy as np
import pytest

from fusion.ingest.guess.guess import guess
from fusion.ingest.guess.header_line import has_names
from fusion.ingest.guess.toml import write_config
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings

RNG = np.random.default_rng(5)
N = 2000
USERS, ITEMS = RNG.integers(1, 100, N), RNG.integers(1, 80, N)
STARS = RNG.integers(1, 6, N)
SECONDS = np.sort(RNG.integers(870_000_000, 890_000_000, N))
RATINGS = [list(map(str, row)) for row in zip(USERS, ITEMS, STARS, SECONDS, strict=True)]
GENRES = ("Action", "Drama", "Comedy")
FILMS = [
    [str(n), f"Film {n} ({1950 + n % 50})", GENRES[n % 3], str(1950 + n % 50)] for n in range(1, 81)
]
PEOPLE = [
    [str(n), str(20 + n % 40), "MF"[n % 2], ("writer", "nurse")[n % 2]] for n in range(1, 100)
]


def write(folder, name, rows, delimiter="\t", names=None):
    lines = [delimiter.join(row) for row in ([names] if names else []) + rows]
    (folder / name).write_text("\n".join(lines) + "\n")


def guessed(folder, *places, **more):
    """The settings as `fusion init` writes them, and what was said about them."""
    draft = guess(*places, base=folder, **more)
    text = write_config(draft)
    settings = DataSettings(**tomllib.loads(text)["data"])
    assert settings == DataSettings(**draft.settings)
    return settings, text


def test_a_file_like_movielens_100k(tmp_path):
    write(tmp_path, "u.data", RATINGS)
    settings, text = guessed(tmp_path, "u.data")
    assert settings.columns.model_dump(exclude_none=True) == {
        "user": 1,
        "item": 2,
        "weight": 3,
        "time": 4,
    }
    assert (
        f"has no line of names, since its first line is like the others ({', '.join(RATINGS[0])})"
        in text
    )
    assert "\nuser = 1\n" in text
    loaded = load(settings, tmp_path)
    assert loaded.notes["read"] == N
    assert loaded.dataset.has_weights


@pytest.mark.parametrize("with_names", [True, False])
def test_tables_without_names_beside_it(tmp_path, with_names):
    """Each of the three by itself, and interactions with and without names beside them."""
    write(
        tmp_path,
        "u.data",
        RATINGS,
        names=["user_id", "movie_id", "rating", "ts"] if with_names else None,
    )
    write(tmp_path, "u.item", FILMS, delimiter="|")
    write(tmp_path, "u.user", PEOPLE, delimiter="|")
    settings, _ = guessed(tmp_path, "u.data", items="u.item", users="u.user")
    assert (settings.columns.user, settings.item_columns.id) == ("user_id" if with_names else 1, 1)
    assert settings.item_features.text == (2,)
    assert settings.item_features.category == (3,)
    assert settings.user_features.category == (3, 4)
    dataset = load(settings, tmp_path).dataset
    assert dataset.item_table["text"].null_count() == 0
    assert dataset.user_table.width == 3


def test_the_log_of_a_folder_is_the_one_whose_users_recur(tmp_path):
    for name, rows in (("ratings.csv", RATINGS), ("films.csv", FILMS), ("people.csv", PEOPLE)):
        write(tmp_path, name, rows, delimiter=",")
    settings, _ = guessed(tmp_path, ".")
    assert settings.interactions == "ratings.csv"
    assert settings.items == "films.csv"


FILES = {
    "numbers": ("196,242,3\n186,302,3\n", False),
    "a row that repeats": ("5,5,3\n5,5,3\n6,7,2\n", False),
    "texts that recur": ("ann,alien\nann,heat\nbob,alien\n", False),
    "an ISO time": ("ann,heat,2020-01-01\nbob,alien,2020-02-01\n", False),
    "names over numbers": ("user,item\n1,2\n1,3\n", True),
    "one name over numbers": ("1,item\n1,2\n1,3\n", True),
    "names over texts": ("user,film\nann,alien\nbob,alien\n", True),
    "names that recur as a whole": ("user,film\nann,alien\nuser,film\nbob,alien\n", True),
    "a year among names": ("title,genre,2019\nAlien,horror,7\nHeat,crime,8\n", True),
    "numbered columns": ("0,1,2\n196,242,3\n186,302,3\n", True),
    "columns numbered from 1": ("1,2,3\n196,242,3\n186,302,3\n", True),
    "one line": ("196,242,3\n", True),
    "no line": ("", True),
    "an index without a name": (",user,item\n0,1,2\n1,1,3\n", True),
}


@pytest.mark.parametrize("case", FILES)
def test_what_the_first_line_is(case, tmp_path):
    content, expected = FILES[case]
    (tmp_path / "log.csv").write_text(content)
    assert has_names("log.csv", tmp_path, "interactions") == expected


def test_a_quote_that_nothing_closes_leaves_no_row_and_no_traceback(tmp_path):
    rows = "".join(f"u{row},i{row},{1_600_000_000 + row},3\n" for row in range(40))
    (tmp_path / "log.csv").write_text(f'"userId,movieId,timestamp,rating\n{rows}')
    assert has_names("log.csv", tmp_path, "interactions")
