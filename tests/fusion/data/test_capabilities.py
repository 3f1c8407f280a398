"""A dataset offers exactly what it has; a need that no dataset can meet is refused."""

import polars as pl
import pytest

from fusion.data.capabilities import CAPABILITIES, require_known_capabilities
from fusion.errors import UnknownName
from tests.fusion.making import dataset, frame_of

INTERACTIONS = frame_of([("a", "x", 1), ("b", "y", 2)])


def items(**columns: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"id": ["x", "y"], **columns})


def test_bare_interactions_offer_their_times_alone():
    data = dataset(INTERACTIONS)
    assert data.capabilities == {"times"} | ({"weights"} if data.has_weights else set())
    assert "times" not in dataset(INTERACTIONS.drop("time")).capabilities


@pytest.mark.parametrize(
    ("columns", "offered"),
    [
        ({"text": pl.Series(["a film", None])}, {"texts", "content"}),
        ({"text": pl.Series([None, None], dtype=pl.String)}, set()),
        ({"genre": pl.Series([["war"], None])}, {"categories", "content"}),
        ({"year": pl.Series([1999.0, None])}, {"numbers", "content"}),
        ({"available_from": pl.Series([5, None])}, set()),
    ],
)
def test_columns_of_items_offer_what_they_hold(columns, offered):
    assert dataset(INTERACTIONS, items(**columns)).capabilities - {"times", "weights"} == offered


def test_unknown_needs_are_refused_with_the_nearest_known():
    require_known_capabilities(CAPABILITIES, "source 'mine'")
    with pytest.raises(UnknownName, match=r"source 'mine'.*'text'.*Did you mean 'texts'"):
        require_known_capabilities({"times", "text"}, "source 'mine'")
