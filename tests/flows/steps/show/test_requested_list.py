"""`fusion show` for somebody new: by a few items or a sentence, from the live run's folder."""

import shutil
import sqlite3

import pytest

from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import read_manifest, write_manifest
from tests.flows.calling import call_main


@pytest.fixture
def copy(shop, tmp_path):
    return shutil.copytree(shop, tmp_path / "shop")


def folder_of_live(shop):
    return shop / "runs" / call_main(shop, "show", "--items", "i1", "--json").json[0]["run_id"]


def test_a_list_comes_from_a_few_items(shop):
    ended = call_main(shop, "show", "--items", "i1, i7", "--json")
    assert ended.code == 0, ended.err
    rows = ended.json
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows
    assert not {"i1", "i7"} & {row["item_id"] for row in rows}
    assert {row["source"] for row in rows} == {"co_likes"}
    screen = call_main(shop, "show", "--items", "i1,i7").out
    assert "best by" not in screen
    assert rows[0]["title"] in screen
    assert "without training" in screen


def test_a_list_comes_from_a_sentence(shop):
    rows = call_main(shop, "show", "--text", "a film", "--json").json
    assert rows
    assert set(rows[0]) == {"run_id", "rank", "item_id", "title", "score"}


def test_a_blocked_item_is_in_no_list(copy):
    first = call_main(copy, "show", "--items", "i1,i7", "--json").json[0]["item_id"]
    with sqlite3.connect(copy / "fusion.db") as database:
        database.execute(
            "INSERT INTO blocked_item (placement, item_id) VALUES ('default', ?)", (first,)
        )
    again = call_main(copy, "show", "--items", "i1,i7", "--json").json
    assert again
    assert first not in {row["item_id"] for row in again}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one of them"),
        (("u1", "--text", "x"), "one of them"),
        (("--items", " , "), "names no item"),
        (("--items", "i1,nothing"), "unknown item 'nothing'"),
        (("--text", " "), "the text is empty"),
    ],
)
def test_a_wrong_question_is_answered_by_a_sentence(shop, words, said):
    ended = call_main(shop, "show", *words)
    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err


def forget_co_likes(folder):
    """Make a run folder as older releases made it."""
    (folder / "co_likes.parquet").unlink()
    write_manifest(folder, Manifest.of(read_manifest(folder)))


def test_a_run_of_an_older_release_asks_its_sources(copy):
    forget_co_likes(folder_of_live(copy))
    rows = call_main(copy, "show", "--items", "i1,i7", "--json").json
    assert {row["source"] for row in rows} <= {"popularity", "ease", "item_knn"}
    assert "best by" in call_main(copy, "show", "--items", "i1,i7").out


def test_what_is_missing_of_the_run_is_named_with_the_cure(copy):
    folder = folder_of_live(copy)
    for fit in (copy / "runs" / "store" / "fit").iterdir():
        shutil.rmtree(fit)
    # What the same users like is answered without any fit.
    assert call_main(copy, "show", "--items", "i1").code == 0
    (folder / "co_likes.parquet").write_bytes(b"no table")
    changed = call_main(copy, "show", "--items", "i1")
    assert (changed.code, "co_likes.parquet" in changed.err) == (2, True), changed.err
    forget_co_likes(folder)
    gone = call_main(copy, "show", "--items", "i1")
    assert (gone.code, "fusion run" in gone.err) == (2, True), gone.err
    (folder / "catalogue.parquet").write_bytes(b"no table")
    damaged = call_main(copy, "show", "--items", "i1")
    assert (damaged.code, "catalogue.parquet" in damaged.err) == (2, True), damaged.err
    shutil.rmtree(folder)
    pruned = call_main(copy, "show", "--items", "i1")
    assert (pruned.code, "has no folder" in pruned.err) == (2, True), pruned.err
