"""Places of candidates in the lists of the source that proposed them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fusion.data.topk import Pairs
from fusion.ranking.candidates import places_in
from tests.fusion.strategies import LISTS, QUICK

OWN_LISTS = st.lists(st.lists(st.integers(0, 7), unique=True, max_size=5), min_size=1, max_size=4)


@QUICK
@given(OWN_LISTS, LISTS)
def test_places_are_ranks_in_the_users_own_list(own, more):
    width = max(map(len, own), default=0) + 1
    listed = np.array([row + [-1] * (width - len(row)) for row in own], np.int32)
    others = np.resize(more, (len(own), more.shape[1]))
    pairs = Pairs.from_lists(np.concatenate([listed, others], axis=1))
    places = places_in(listed, pairs, 8)
    for owner, item, place in zip(pairs.owners, pairs.items, places, strict=True):
        if item in own[owner]:
            assert place == own[owner].index(item) + 1
        else:
            assert np.isnan(place)
