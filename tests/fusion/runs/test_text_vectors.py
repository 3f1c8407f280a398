"""Text vectors go when no run refers to their texts."""

import os
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from fusion.errors import DataError
from fusion.models.text.vector_cache import VectorCache, text_key
from fusion.runs.run_folder import RunFolder, new_run_id
from fusion.runs.text_vectors import prune_vectors


def make_run(root, titles, finished):
    """Make a run that took the last fifty seconds before it was finished."""
    begun = datetime.fromtimestamp(finished - 50, UTC)
    run = RunFolder(root / new_run_id(begun))
    run.titles.parent.mkdir(parents=True, exist_ok=True)
    ids = [f"i{n}" for n in range(len(titles))]
    pl.DataFrame({"item_id": ids, "title": titles}).write_parquet(run.titles)
    run.manifest.write_text("{}")
    os.utime(run.manifest, (finished, finished))
    return run


def make_cache(root, texts, used, encoder="minilm"):
    cache = VectorCache(root / "store" / "vectors" / encoder)
    vectors = np.ones((len(texts), 8), np.float16)
    assert cache.write([text_key(text) for text in texts], vectors)
    for file in cache.folder.iterdir():
        os.utime(file, (used, used))
    return cache


def texts_of(cache, texts):
    cache.refresh()
    return [text for text in texts if text_key(text) in cache.rows]


TEXTS = ["a film", "another film", "forgotten"]


def test_vectors_stay_while_an_item_of_any_run_has_their_text(tmp_path):
    cache = make_cache(tmp_path, TEXTS, used=150)
    make_run(tmp_path, ["  a film "], finished=100)
    make_run(tmp_path, ["another film", None], finished=200)
    assert prune_vectors(tmp_path) == 8 * 2 + 20
    assert texts_of(cache, TEXTS) == ["a film", "another film"]
    assert prune_vectors(tmp_path) == 0


def test_what_a_killed_training_left_stays(tmp_path):
    cache = make_cache(tmp_path, TEXTS, used=300)
    make_run(tmp_path, ["a film"], finished=200)
    assert prune_vectors(tmp_path) == 0
    assert texts_of(cache, TEXTS) == TEXTS


def test_an_encoder_that_no_run_can_have_used_goes(tmp_path):
    old = make_cache(tmp_path, TEXTS, used=40, encoder="old")
    new = make_cache(tmp_path, TEXTS, used=60, encoder="new")
    make_run(tmp_path, TEXTS, finished=100)
    assert prune_vectors(tmp_path) > 0
    assert not old.folder.exists()
    assert texts_of(new, TEXTS) == TEXTS


def test_without_runs_nothing_is_known_and_nothing_goes(tmp_path):
    cache = make_cache(tmp_path, TEXTS, used=50)
    assert prune_vectors(tmp_path) == 0
    assert texts_of(cache, TEXTS) == TEXTS


def test_titles_that_cannot_be_read_keep_everything(tmp_path):
    cache = make_cache(tmp_path, TEXTS, used=150)
    make_run(tmp_path, TEXTS, finished=100).titles.write_bytes(b"no Parquet")
    make_run(tmp_path, TEXTS, finished=200)
    with pytest.raises(DataError, match="no text vector is removed"):
        prune_vectors(tmp_path)
    assert texts_of(cache, TEXTS) == TEXTS
