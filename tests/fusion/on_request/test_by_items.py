"""Lists from a few items: sources that know the taste decide, and fuse as the blend does."""

import numpy as np
import pytest

from fusion.models.base.allowed import Allowed
from fusion.on_request.by_items import history_of, rank_by_items
from tests.fusion.making import dataset, fitted, frame_of

PER_TASTE = 8


@pytest.fixture(scope="module")
def known():
    """Users of two tastes, each of whom took six of the eight items of theirs; one item leads."""
    rng, rows = np.random.default_rng(3), []
    for user in range(60):
        taste = "ab"[user % 2]
        for day, item in enumerate(rng.permutation(PER_TASTE)[:6]):
            rows.append((f"u{user}", f"{taste}{item}", day))
        rows.append((f"u{user}", "hit", 7))
    return dataset(frame_of(rows))


def rows_of(data, *ids):
    return np.array([data.item_ids.values.to_list().index(one) for one in ids], np.int32)


def ids_of(data, ranked):
    return data.item_ids.texts(ranked.items).to_list()


def asked(data, sources, *ids, k=5, may=None):
    user = history_of(rows_of(data, *ids), data.as_of, 1.0, data.n_items)
    allowed = Allowed(np.ones(data.n_items, bool) if may is None else may)
    return rank_by_items(sources, user, allowed, k)


def test_items_of_the_same_taste_come_and_none_of_those_given(known):
    sources = [fitted(use, known) for use in ("popularity", "item_knn", "ease")]
    for taste in "ab":
        listed = ids_of(known, asked(known, sources, f"{taste}0", f"{taste}1"))
        assert {one[0] for one in listed if one != "hit"} == {taste}
        assert not {f"{taste}0", f"{taste}1"} & set(listed)


def test_a_source_that_gives_everybody_the_same_is_not_asked(known):
    """Popularity put the best seller above what the items say."""
    ranked = asked(known, [fitted(use, known) for use in ("popularity", "item_knn")], "a0")
    alone = asked(known, [fitted("item_knn", known)], "a0")
    assert (ranked.items == alone.items).all()
    assert set(ranked.sources) == {"item_knn"}


def test_where_no_source_knows_the_taste_the_popular_is_shown(known):
    ranked = asked(known, [fitted("popularity", known)], "a0")
    assert ids_of(known, ranked)[0] == "hit"
    assert set(ranked.sources) == {"popularity"}


def test_ranks_are_fused_by_their_reciprocals(known):
    """Against loops over sources and candidates."""
    sources = [fitted(use, known) for use in ("item_knn", "ease", "als")]
    ranked = asked(known, sources, "a0", "a2", k=6)
    user = history_of(rows_of(known, "a0", "a2"), known.as_of, 1.0, known.n_items)
    everything = Allowed(np.ones(known.n_items, bool))
    candidates = {
        int(item)
        for source in sources
        for item in source.top(user, source.k, everything).items[0]
        if item >= 0
    }
    fused = dict.fromkeys(candidates, 0.0)
    for source in sources:
        scores = source.model.scores(user)[0]
        scored = [item for item in candidates if np.isfinite(scores[item])]
        for item in scored:
            better = sum(
                scores[other] > scores[item] or (scores[other] == scores[item] and other < item)
                for other in scored
            )
            fused[item] += 1 / (60 + better + 1)
    wanted = sorted(candidates, key=lambda item: (-fused[item], item))[:6]
    assert ranked.items.tolist() == wanted
    np.testing.assert_allclose(ranked.scores, [fused[item] for item in wanted], rtol=1e-6)


def test_only_what_may_be_listed_is(known):
    may = np.ones(known.n_items, bool)
    may[rows_of(known, "a3", "hit")] = False
    listed = ids_of(known, asked(known, [fitted("ease", known)], "a0", k=50, may=may))
    assert listed
    assert not {"a3", "hit"} & set(listed)


def test_without_sources_there_is_no_list(known):
    assert not len(asked(known, [], "a0").items)
