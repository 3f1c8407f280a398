"""Fallback lists: a small segment gets nearly everyone's, a large one gets its own."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fusion.lists.fallback.segment_lists import fallback_lists, shrink_to
from tests.fusion.making import config, context_of, dataset, frame_of

COUNTS = arrays(np.float32, 12, elements=st.integers(0, 500).map(float))


def top(scores, k=10):
    return set(np.argsort(-np.nan_to_num(scores), kind="stable")[:k].tolist())


def overlap(one, other, k=10):
    return len(top(one, k) & top(other, k)) / k


def world(seed, n_items=300):
    """Everyone's shares, and those of a segment that likes items more or less by a factor each."""
    rng = np.random.default_rng(seed)
    shares = 1.0 / (np.arange(n_items) + 5.0)
    liked = shares * rng.gamma(5.0, 0.2, n_items)
    return rng, shares / shares.sum(), liked / liked.sum()


@pytest.mark.parametrize("seed", range(5))
def test_few_interactions_give_the_list_of_all_and_many_give_its_own(seed):
    rng, shares, liked = world(seed)
    everyone = rng.multinomial(1_000_000, shares).astype(np.float32)
    few, many = (rng.multinomial(n, liked).astype(np.float32) for n in (20, 400_000))
    assert overlap(shrink_to(everyone, few), everyone) >= 0.8
    assert overlap(few, everyone) <= 0.7
    assert overlap(shrink_to(everyone, many), many) >= 0.9
    assert overlap(everyone, many) <= 0.8


def test_drawn_lists_hold_more_of_what_the_segment_likes_than_either_alone():
    """On average never worse than the list of all, nor than its own counts, at any size."""
    gains = {n: [] for n in (0, 30, 300, 3_000, 30_000)}
    for seed in range(30):
        rng, shares, liked = world(seed)
        everyone = rng.multinomial(1_000_000, shares).astype(np.float32)
        for n, shares_of_rows in gains.items():
            own = rng.multinomial(n, liked).astype(np.float32)
            rows = shrink_to(everyone, own), everyone, own
            shares_of_rows.append([liked[list(top(row))].sum() for row in rows])
    for n, shares_of_rows in gains.items():
        shrunk, all_alone, own_alone = np.mean(shares_of_rows, axis=0)
        assert shrunk >= max(all_alone, own_alone) * 0.999, n
    middle = np.mean(gains[300], axis=0)
    assert middle[0] > 1.02 * max(middle[1:])


@given(everyone=COUNTS, segment=COUNTS)
@settings(max_examples=200, deadline=None)
def test_the_ratio_lies_between_none_and_the_segments_own(everyone, segment):
    everyone = np.where(everyone + segment > 0, everyone + segment, np.float32(np.nan))
    shrunk = shrink_to(everyone, np.where(segment > 0, segment, np.float32(np.nan)))
    assert np.array_equal(np.isnan(shrunk), np.isnan(everyone))
    taken = np.flatnonzero(~np.isnan(everyone))
    own = (
        segment[taken] * (everyone[taken].sum() / max(segment.sum(), 1e-9))
        if segment.sum()
        else everyone[taken]
    )
    low, high = np.minimum(own, everyone[taken]), np.maximum(own, everyone[taken])
    assert (shrunk[taken] >= low * (1 - 1e-5)).all()
    assert (shrunk[taken] <= high * (1 + 1e-5)).all()


def test_a_segment_that_took_nothing_weighs_nothing():
    everyone = np.array([3, np.nan, 5], np.float32)
    assert np.array_equal(
        shrink_to(everyone, np.full(3, np.nan, np.float32)), everyone, equal_nan=True
    )


def test_segments_of_a_run(tmp_path):
    """Forty read novels, ten sports, for twenty days; one has just begun maps; one nothing yet."""
    rng = np.random.default_rng(2)
    readers = ["novel"] * 40 + ["sport"] * 10 + ["map", "chess"]
    rows = [
        (f"u{n}", f"{readers[n]}{rng.integers(12)}", day) for day in range(20) for n in range(50)
    ]
    rows += [("u50", f"map{n}", 17 + n) for n in range(3)]
    people = pl.DataFrame({"id": [f"u{n}" for n in range(52)], "reads": readers})
    data = dataset(frame_of(sorted(rows, key=lambda row: row[2])), None, people)
    context = context_of(
        tmp_path, data, config(split={"kind": "last", "users": 5}, lists={"exclude_seen": False})
    )
    lists = fallback_lists(context, context.plan.serving)
    names = {
        segment: context.data.item_ids.texts(part["item"])
        for (segment,), part in lists.group_by("segment")
    }
    assert names.keys() == {"all", "reads=novel", "reads=sport", "reads=map"}
    assert names["all"].str.starts_with("novel").all()
    assert names["reads=novel"].to_list() == names["all"].to_list()
    assert names["reads=sport"].str.starts_with("sport").all()
    assert len(set(names["reads=map"]) & set(names["all"])) >= 6
    assert lists.filter(segment="reads=sport")["rank"].to_list() == list(range(1, 9))
