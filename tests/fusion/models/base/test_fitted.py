"""A fitted source before a catalogue that has grown since."""

import numpy as np
import pytest

from fusion.data.topk import Pairs
from fusion.errors import SourceFailed
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import fit, fit_items
from fusion.models.base.registry import build
from tests.fusion import broken
from tests.fusion.making import START, dataset, fitted, frame_of, item_frame

ROWS = [("a", "i1", 1), ("b", "i1", 2), ("b", "i2", 3), ("a", "i3", 9), ("b", "i4", 9)]


def test_items_newer_than_the_fit_are_silent_and_their_events_unheard():
    data = dataset(frame_of(ROWS))
    known = data.before(START + 5 * 86_400_000)
    source = fitted("ease", known, {"reg": 1.0})
    assert (source.n_items, data.n_items) == (2, 4)
    everyone = np.array([0, 1], np.int32)
    late, early = (part.users_at(everyone, np.full(2, known.as_of)) for part in (data, known))
    pairs = Pairs(np.array([0, 4, 8]), np.tile(np.arange(4, dtype=np.int32), 2))
    scores = source.score_pairs(late, pairs).reshape(2, 4)
    assert np.isfinite(scores[:, :2]).all()
    assert np.isnan(scores[:, 2:]).all()
    assert np.array_equal(source.score_pairs(early, pairs).reshape(2, 4), scores, equal_nan=True)
    top = source.top(late, 3, Allowed(np.ones(4, bool), seen=True))
    assert set(top.items.ravel().tolist()) <= {0, 1, -1}


def test_a_source_for_new_items_is_fitted_with_the_whole_catalogue():
    data = dataset(frame_of(ROWS), item_frame(12))
    assert data.n_items == 12
    assert fit_items(build("content"), data) == 12
    assert fit_items(build("ease"), data) == 4
    assert fit_items(build("ease"), data.before(START)) == 12, (
        "a fold that knows nothing: all are new"
    )


@pytest.mark.parametrize("call", ["top", "score_pairs"])
def test_whatever_a_source_dies_of_is_blamed_on_it(call):
    data = dataset(frame_of(ROWS))
    source = fit("mine", broken.DiesScoring(), data, 5, FitContext())
    users = data.users_at(np.array([0], np.int32), np.array([data.as_of]))
    given = {
        "top": (5, Allowed(np.ones(4, bool))),
        "score_pairs": (Pairs(np.array([0, 1]), np.array([2], np.int32)),),
    }
    with pytest.raises(
        SourceFailed, match="source 'mine' failed while scoring: RuntimeError: cannot look at them"
    ):
        getattr(source, call)(users, *given[call])


def test_what_is_not_finite_is_silent():
    data = dataset(frame_of(ROWS))
    source = fit("mine", broken.Infinite(), data, 5, FitContext())
    users = data.users_at(np.array([0], np.int32), np.array([data.as_of]))
    scores = source.score_pairs(users, Pairs(np.array([0, 4]), np.arange(4, dtype=np.int32)))
    assert np.isnan(scores[[0, 1, 2]]).all()
    assert scores[3] == 1
