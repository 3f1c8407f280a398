"""Pooling over folds and seeds against the slow version."""

import numpy as np
import pytest

from benchmarks.quality.pooling import pooled, table

RNG = np.random.default_rng(11)
USERS = [np.arange(0, 80), np.arange(20, 100)]
FOLDS = [
    {
        "published": RNG.random(80) + 0.1,
        "one": RNG.random(80),
        "two": np.zeros(80),
        "sometimes": np.ones(80),
    },
    {"published": RNG.random(80) + 0.1, "one": RNG.random(80), "two": np.zeros(80)},
]


def test_every_value_counts_once():
    found = pooled(FOLDS, USERS, 7)
    assert found["values"] == 160
    assert found["users"] == 100
    assert set(found["rows"]) == {"published", "one", "two"}  # a row that a fold lacks is left out
    for name, row in found["rows"].items():
        assert row["value"] == pytest.approx(np.concatenate([fold[name] for fold in FOLDS]).mean())


def test_users_are_drawn_with_all_their_folds_and_pairs_stay_together():
    found = pooled(FOLDS, USERS, 7)["rows"]["one"]
    rng = np.random.default_rng(0)
    of = {
        user: [(FOLDS[n], user - USERS[n][0]) for n in (0, 1) if user in USERS[n]]
        for user in range(100)
    }
    gaps, ratios = [], []
    for _ in range(3000):
        drawn = [one for user in rng.integers(100, size=100) for one in of[user]]
        published, other = (
            np.mean([fold[name][at] for fold, at in drawn]) for name in ("published", "one")
        )
        gaps.append(published - other)
        ratios.append(published / other)
    assert [found["gap"]["low"], found["gap"]["high"]] == pytest.approx(
        np.percentile(gaps, [2.5, 97.5]), abs=0.01
    )
    assert [found["ratio"]["low"], found["ratio"]["high"]] == pytest.approx(
        np.percentile(ratios, [2.5, 97.5]), abs=0.03
    )


def test_a_pair_that_always_differs_by_the_same_has_no_width():
    shifted = [{"published": fold["one"] + 0.25, "one": fold["one"]} for fold in FOLDS]
    gap = pooled(shifted, USERS, 7)["rows"]["one"]["gap"]
    assert [gap["low"], gap["value"], gap["high"]] == pytest.approx([0.25] * 3)


def test_no_ratio_to_what_found_nothing():
    assert pooled(FOLDS, USERS, 7)["rows"]["two"]["ratio"] is None


def test_the_table_lines_up():
    lines = table(pooled(FOLDS, USERS, 7), {"published": 61.2}).splitlines()
    assert [line.split()[0] for line in lines] == ["row", "published", "one", "two"]
    places = [line.index("–") for line in lines[1:]]
    assert len(set(places)) == 1
    assert lines[1].endswith("61")
