"""Hidden items of the benchmark: nothing of what is hidden is known to any row."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from benchmarks.quality.cold.hidden import LAST, MIN_LIKES, ColdItems, hide, hide_after
from benchmarks.quality.cold.peers import hand_over, marks, words
from benchmarks.quality.cold.worlds import generated
from benchmarks.quality.text_shop import shop
from fusion.api import from_frames
from fusion.data.dataset import Dataset

CUT = 0.6
KINDS = [lambda data: hide(data, 1), lambda data: hide_after(data, CUT)]
N_ITEMS = 90


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Items arrive one after another; the last ones are rare."""
    rng = np.random.default_rng(5)
    times = np.sort(rng.integers(1000, size=2000)) + 1_600_000_000
    newest = 10 + (times - times[0]) // 12
    items = (newest * rng.random(2000) ** 0.5).astype(int)
    frame = pl.DataFrame({"user": rng.integers(50, size=2000), "item": items, "time": times})
    table = pl.DataFrame(
        {
            "item": range(N_ITEMS + 10),
            "title": [f"tale {item % 7} of {item % 5}" for item in range(N_ITEMS + 10)],
            "kind": [f"kind {item % 3}" for item in range(N_ITEMS + 10)],
            "price": [float(item) for item in range(N_ITEMS + 10)],
        }
    )
    features = {"text": ["title"], "category": ["kind"], "number": ["price"]}
    settings = {"columns": {"time": "time"}, "item_features": features}
    data = from_frames(frame, table, settings=settings)
    return replace(data, liked=rng.random(len(data)) < 0.8)


def liked_pairs(data: Dataset, is_event: np.ndarray) -> set[tuple[int, int]]:
    events = is_event & data.liked
    return set(zip(data.users[events].tolist(), data.items[events].tolist(), strict=True))


def label_pairs(cold: ColdItems) -> set[tuple[int, int]]:
    users, columns = np.nonzero(cold.labels)
    pairs = zip(cold.users.rows[users].tolist(), cold.items[columns].tolist(), strict=True)
    return set(pairs)


def test_by_chance_nothing_of_a_hidden_item_is_known(data):
    cold = hide(data, 1)
    is_hidden = np.isin(data.items, cold.items)
    assert not np.isin(cold.known.items, cold.items).any()
    assert len(cold.known) == (~is_hidden).sum()
    assert (data.item_counts[cold.items] >= MIN_LIKES).all()
    judged = np.isin(data.users, cold.users.rows)
    assert label_pairs(cold) == liked_pairs(data, is_hidden & judged)


def test_by_time_nothing_from_the_cut_on_is_known(data):
    cold = hide_after(data, CUT)
    cut = data.times[int(CUT * len(data))]
    before = data.times < cut
    assert cold.known.as_of == cut
    assert cold.known.times.max() < cut
    assert len(cold.known) == before.sum()
    assert set(cold.items) == set(data.items[~before]) - set(data.items[before])
    assert len(cold.items) >= 5
    judged = np.isin(data.users, cold.users.rows)
    new = np.isin(data.items, cold.items)
    assert label_pairs(cold) == liked_pairs(data, new & judged)


@pytest.mark.parametrize(
    "cold_of", [lambda data: hide(data, 1), lambda data: hide_after(data, 0.6)]
)
def test_users_judge_by_their_newest_known_likes(data, cold_of):
    cold = cold_of(data)
    assert cold.labels.any(axis=1).all()
    assert not np.isin(cold.users.items, cold.items).any()
    for row, start, end in zip(
        cold.users.rows, cold.users.borders[:-1], cold.users.borders[1:], strict=True
    ):
        own = cold.known.items[cold.known.users == row]
        assert cold.users.items[start:end].tolist() == own[-LAST:].tolist()


@pytest.mark.parametrize(
    "cold_of", [lambda data: hide(data, 1), lambda data: hide_after(data, 0.6)]
)
def test_ties_do_not_go_to_whoever_came_first(data, cold_of):
    items = cold_of(data).items
    assert items.tolist() != sorted(items.tolist())


def test_what_happens_after_the_cut_changes_nothing_that_is_known(data):
    cut = int(data.times[int(CUT * len(data))])
    later = np.flatnonzero(data.times >= cut)
    kept = np.ones(len(data), bool)
    kept[later[1::2]] = False
    other = hide_after(data.take(kept), int(CUT * len(data)) / kept.sum())
    cold = hide_after(data, CUT)
    assert other.known.as_of == cold.known.as_of
    assert np.array_equal(other.known.items, cold.known.items)
    assert set(other.items) <= set(cold.items)


def test_an_arriving_item_is_taken_by_nobody_before_it_is_there():
    there, arriving = generated("en"), generated("en", arriving=True)
    assert len(there) == len(arriving)
    _, items = shop("en", users=20, items=20, events=100, seed=7)
    assert items["item"].n_unique() == 20
    first = np.full(arriving.n_items, np.iinfo(np.int64).max)
    np.minimum.at(first, arriving.items, arriving.times)
    span = arriving.times.max() - arriving.times.min()
    late = (first - arriving.times.min()) / span > 0.2
    assert 0.3 < late.mean() < 0.5
    assert len(hide_after(arriving, 0.7).users) > 200


def test_peers_get_nothing_of_hidden_items_but_their_content(data, tmp_path):
    cold = hide_after(data, CUT)
    hand_over(cold, tmp_path)
    known = pl.read_parquet(tmp_path / "known.parquet")
    pairs = set(zip(cold.known.users.tolist(), cold.known.items.tolist(), strict=True))
    assert set(known.iter_rows()) == pairs
    assert np.load(tmp_path / "items.npy").tolist() == cold.items.tolist()
    assert np.load(tmp_path / "users.npy").tolist() == cold.users.rows.tolist()
    assert len(np.load(tmp_path / "features.npy")) == data.n_items


def test_marks_are_those_that_two_known_items_share(data):
    is_known = np.zeros(data.n_items, bool)
    is_known[:10] = True
    table = marks(data, is_known)
    of_known = table.filter(pl.col("item") < 10).group_by("feature", "value").len()
    assert of_known["len"].min() >= 2
    both = table.join(of_known, on=["feature", "value"], how="anti")
    assert both.is_empty()
    assert set(table["feature"]) == {"text", "kind", "price"}


def test_words_of_scripts_without_blanks_are_pairs():
    assert words("Red Dress, 1995") == ["red", "dress", "1995"]
    assert words("红色裙 Dress") == ["红色", "色裙", "dress"]
