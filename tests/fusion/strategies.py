"""Random inputs that tests of several rooms share."""

import math

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

QUICK = settings(max_examples=60, deadline=None)
NUMBERS = st.sampled_from([0.0, 1.0, 1.0, 2.0, -3.5, 1e30, math.nan, math.inf, -math.inf])
"""Scores with ties, and with everything that is no finite number."""
LISTS = st.tuples(st.integers(1, 4), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.int32, shape, elements=st.integers(-1, 7))
)
"""Padded lists (users, k) of item rows below 8; -1 is an empty place, anywhere."""
EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=25
)
"""Interactions as (user, item, day)."""
