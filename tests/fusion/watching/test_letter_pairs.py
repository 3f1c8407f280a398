"""Letters of texts: another language moves them, other items of the same language do not."""

import numpy as np
import polars as pl
import pytest

from fusion.watching.figure import Measurement
from fusion.watching.figures.attribute_figures import measure_attributes
from fusion.watching.figures.letter_pairs import BUCKETS, CASES, LetterPairs
from fusion.watching.reading.attribute_table import AttributeTable
from fusion.watching.statistics.judge import judge

ENGLISH = ["the", "night", "of", "a", "king", "and", "his", "last", "war", "in", "winter", "river"]
GERMAN = [
    "die",
    "Nacht",
    "des",
    "Königs",
    "und",
    "sein",
    "letzter",
    "Krieg",
    "im",
    "Winter",
    "Fluss",
]
CHINESE = list("国王与冬天的最后一场战争在河边的爱情之夜")


def titles(words: list[str], count: int, rng: np.random.Generator) -> list[str]:
    return [" ".join(rng.choice(words, 4)) for _ in range(count)]


@pytest.fixture(scope="module")
def shop() -> AttributeTable:
    rng = np.random.default_rng(1)
    texts = [*titles(ENGLISH, 300, rng), *titles(GERMAN, 100, rng), *titles(CHINESE, 100, rng)]
    ids = pl.Series("id", range(502), dtype=pl.UInt64)
    return AttributeTable("items", pl.DataFrame({"id": ids, "text": [*texts, None, ""]}))


def window(shop: AttributeTable, items: np.ndarray) -> Measurement | None:
    """Letters of what was chosen."""
    ids = pl.Series(items, dtype=pl.UInt64)
    measured = measure_attributes(shop, ids, {}, LetterPairs.of(shop))
    return next((one for figure, one in measured.items() if figure.name == "letters"), None)


def test_each_text_counts_alike_however_long_and_as_often_as_it_is_chosen():
    table = AttributeTable(
        "items",
        pl.DataFrame({"id": pl.Series([3, 4, 5], dtype=pl.UInt64), "text": ["aaaa", "B", None]}),
    )
    pairs = LetterPairs.of(table)
    assert pairs.shares.shape == (2, BUCKETS)
    assert pairs.shares.sum(axis=1) == pytest.approx([1, 1])
    counted = pairs.counts(pl.Series([3, 3, 4, 5, 9], dtype=pl.UInt64))
    assert sorted(counted.values()) == [CASES, 2 * CASES]
    assert pairs.counts(pl.Series([5, 9], dtype=pl.UInt64)) == {}
    assert (
        LetterPairs.of(AttributeTable("items", table.frame.clear())).counts(
            pl.Series([3], dtype=pl.UInt64)
        )
        == {}
    )


@pytest.mark.parametrize(
    ("first", "share", "state"), [(0, 1, "healthy"), (300, 0.3, "alarm"), (400, 0.3, "alarm")]
)
def test_another_language_is_noticed_and_other_titles_of_the_same_are_not(
    shop, first, share, state
):
    rng = np.random.default_rng(2)
    weeks = [window(shop, rng.integers(0, 250, 400)) for _ in range(20)]
    last = rng.integers(0, 250, 400)
    moved = rng.random(400) < share
    last[moved] = first + rng.integers(0, 100, moved.sum())
    figure = next(
        one
        for one in measure_attributes(
            shop, pl.Series(last, dtype=pl.UInt64), {}, LetterPairs.of(shop)
        )
        if one.name == "letters"
    )
    judged = judge(figure, weeks, window(shop, last), 3.8)
    assert judged.state == state, judged


def test_what_was_chosen_without_any_text_has_no_letters(shop):
    assert window(shop, np.array([500, 501])) is None
