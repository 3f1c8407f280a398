"""First places of lists with scores among the user's candidates, counted the slow way."""

import numpy as np
import polars as pl
import pytest

from fusion.data.ranked_lists import z_scores
from fusion.lists import first_places
from fusion.lists.first_places import PLACES, drawn_users
from fusion.runs.run_folder import ListsFolder


def slow_z(listed, borders, scores):
    standardised = np.zeros(listed.shape)
    for user in range(len(listed)):
        own = [score for score in scores[borders[user] : borders[user + 1]] if np.isfinite(score)]
        if not own or np.std(own) < 1e-9:
            continue
        for place, value in enumerate(listed[user]):
            if np.isfinite(value):
                standardised[user, place] = (value - np.mean(own)) / np.std(own)
    return standardised


def test_scores_stand_in_deviations_above_the_candidates_of_the_user():
    rng = np.random.default_rng(1)
    sizes = [0, 1, 5, 30, 4]
    borders = np.append(0, np.cumsum(sizes)).astype(np.int64)
    scores = rng.normal(1000, 2, sum(sizes)).astype(np.float32)
    scores[borders[3] : borders[3] + 7] = np.nan
    scores[borders[4] :] = 3.5
    listed = np.full((5, 3), np.nan, np.float32)
    for user in range(1, 5):
        own = scores[borders[user] : borders[user + 1]]
        own = np.sort(own[np.isfinite(own)])[::-1][:3]
        listed[user, : len(own)] = own
    told = z_scores(listed, borders, scores)
    assert told == pytest.approx(slow_z(listed, borders, scores.astype(float)), abs=1e-3)
    assert np.abs(told[3]).max() > 0.5
    assert (told[[0, 1, 4]] == 0).all()


def test_the_places_that_are_kept_are_those_of_the_lists(done):
    _, trained = done
    folder = ListsFolder(trained.lists)
    kept = pl.read_parquet(folder.first_places).sort("user", "rank")
    # Eight items are a list there, of which five are shown.
    shown = pl.read_parquet(folder.lists).filter(pl.col("rank") <= 5).sort("user", "rank")
    assert kept.select("user", "rank").equals(shown.select("user", "rank"))
    falls = kept.group_by("user").agg(pl.col("z").is_sorted(descending=True))
    assert falls["z"].all()
    assert kept.filter(pl.col("rank") == 1)["z"].mean() > 0.5


def test_of_many_users_some_are_drawn_and_always_the_same(monkeypatch):
    users = np.arange(5000, dtype=np.int32)
    assert drawn_users(users, seed=3).all()
    monkeypatch.setattr(first_places, "MOST_USERS", 500)
    chosen = drawn_users(users, seed=3)
    assert 400 < chosen.sum() < 600
    assert np.array_equal(drawn_users(users, seed=3), chosen)
    assert not np.array_equal(drawn_users(users, seed=4), chosen)
    assert PLACES == 10
