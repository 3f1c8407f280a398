from dataclasses import replace

import numpy as np
import pytest

from fusion.core.arrays import DAY
from fusion.models.base import decayed_counts
from fusion.models.base.allowed import Allowed
from fusion.models.base.registry import build
from fusion.testing.data import START, fit_context, make_dataset, mixed_data, users_now


def recounted(data, moment, half_life, days):
    """The slow obvious way, one event at a time."""
    counts = np.full(data.n_items, np.nan)
    for item, time in zip(data.items, data.times, strict=True):
        if time < moment and (days is None or time >= moment - days * DAY):
            counts[item] = np.nan_to_num(counts[item]) + 2 ** (-(moment - time) / DAY / half_life)
    return counts


@pytest.mark.parametrize("days", [None, 7.0, 30.0])
@pytest.mark.parametrize("chunk", [7, 100_000])
def test_every_moment_is_counted_as_if_alone(monkeypatch, days, chunk):
    monkeypatch.setattr(decayed_counts, "CHUNK", chunk)
    data = mixed_data()
    moments = START + np.array([50, 0, 91, 30, 30, 10, -5, 500]) * DAY
    users = data.users_at(np.arange(8, dtype=np.int32), moments)
    model = build("popularity", {"half_life": 9.0, "days": days}).fit(data, fit_context())
    expected = [recounted(data, moment, 9.0, days) for moment in moments]
    np.testing.assert_allclose(model.scores(users), expected, rtol=1e-5, atol=1e-9)


def test_nothing_at_or_after_the_users_moment_counts():
    """Of what was there to fit on, the row at `as_of` and everything later changes no bit."""
    data = mixed_data()
    cut = int(data.times[130])
    users = data.before(cut).users_at(np.arange(5, dtype=np.int32), np.full(5, cut))
    for settings in ({}, {"days": 20.0}):
        whole = build("popularity", settings).fit(data, fit_context()).scores(users)
        part = build("popularity", settings).fit(data.before(cut), fit_context()).scores(users)
        np.testing.assert_array_equal(whole, part)
        assert np.isfinite(part).any()


def test_recent_items_come_before_items_that_were_popular():
    items = [0] * 10 + [1] * 3
    data = make_dataset(range(13), items, 13, 2, START + np.repeat([0, 300], [10, 3]) * DAY)
    top = (
        build("popularity")
        .fit(data, fit_context())
        .top(users_now(data), 2, Allowed(np.ones(2, bool), seen=True))
    )
    assert (top.items == [1, 0]).all()


def test_without_times_all_events_count_alike():
    data = replace(mixed_data(), has_times=False, times=np.zeros(260, np.int64))
    scores = build("popularity").fit(data, fit_context()).scores(users_now(data))
    np.testing.assert_array_equal(np.nan_to_num(scores[0]), data.item_counts)
