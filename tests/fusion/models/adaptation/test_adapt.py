"""Text vectors that learn what people choose by, and are kept only where that helps."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.models.adaptation import methods
from fusion.models.adaptation.held_out_groups import hold_out_groups
from fusion.models.adaptation.settings import Schedule, Taste
from fusion.models.content import Content, ContentConfig
from fusion.models.text.encoders import encode_items, item_texts
from tests.fusion.models.adaptation.worlds import share_of_own_kind, shop
from tests.fusion.models.planted import context, everyone

QUICK = Schedule(learning_rate=1e-2, batch=256, most=60, check=10, patience=3)


@pytest.fixture(scope="module", autouse=True)
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(methods, "ADAPTER", QUICK)
        yield


def content(data, tune, seed=0, **settings):
    config = ContentConfig(encoder="tfidf", tune=tune, last=2, half_life=20, **settings)
    return Content(config).fit(data, context(seed))


@pytest.fixture(scope="module")
def by_kind():
    return shop(follows_kind=True)


@pytest.fixture(scope="module")
def adapted(by_kind, quick):
    return content(by_kind, "adapter")


@pytest.fixture(scope="module")
def kept(by_kind, quick):
    return content(by_kind, "auto")


def test_new_items_are_ranked_by_what_people_choose_by(by_kind, adapted):
    users = everyone(by_kind)
    frozen = share_of_own_kind(content(by_kind, "none").scores(users))
    tuned = share_of_own_kind(adapted.scores(users))
    assert frozen < 0.5
    assert tuned > 0.9
    assert adapted.notes["tune"] == "adapter"
    assert adapted.notes["new_items_gain_low"] > 0
    assert adapted.notes["trained_numbers"] == 2 * 16 * 128
    assert adapted.notes["encoder_numbers"] == 0


def test_auto_keeps_what_helps(adapted, kept):
    assert kept.notes["tune"] == "adapter"
    assert "held-out items" in kept.notes["tune_why"]
    assert np.array_equal(kept.vectors_, adapted.vectors_)


def test_auto_stays_with_frozen_vectors_where_texts_decide_nothing():
    data = shop(follows_kind=False)
    kept = content(data, "auto")
    assert kept.notes["tune"] == "none"
    assert kept.notes["tune_why"].endswith("no certain gain")
    assert np.array_equal(kept.vectors_, content(data, "none").vectors_)
    assert "new_items_gain" not in kept.notes


def test_same_seed_same_bits_other_seed_other_bits(by_kind, adapted):
    again, other = (content(by_kind, "adapter", seed).vectors_ for seed in (0, 1))
    assert np.array_equal(adapted.vectors_, again)
    assert not np.array_equal(adapted.vectors_, other)


def test_too_little_data_trains_nothing():
    data = shop(follows_kind=True, users=4)
    kept = content(data, "adapter")
    assert kept.notes["tune"] == "none"
    assert "too few items" in kept.notes["tune_why"]
    assert np.array_equal(kept.vectors_, content(data, "none").vectors_)


def test_the_groups_are_disjoint_and_gone_from_what_trains(by_kind):
    groups = groups_of(by_kind)
    choice, report = (set(group.items.tolist()) for group in (groups.choice, groups.report))
    assert choice
    assert report
    assert not choice & report
    assert not (choice | report) & set(groups.known.items.tolist())
    for group in (groups.choice, groups.report):
        assert not group.tastes[:, [*choice, *report]].nnz
        assert group.labels.any(axis=1).all()
        liked = {(user, item) for user, item in zip(by_kind.users, by_kind.items, strict=True)}
        assert group.labels.sum() == sum(item in set(group.items) for _, item in liked)


def groups_of(data, texts=None):
    rows, found = item_texts(data)
    return hold_out_groups(data, rows, texts or found, Taste(20, 20.0))


def test_items_with_one_text_are_held_out_together(by_kind):
    _, texts = item_texts(by_kind)
    alike = [texts[item // 2 * 2] for item in range(len(texts))]
    groups = groups_of(by_kind, alike)
    for group in (groups.choice, groups.report):
        held_out = set(group.items.tolist())
        known = set(groups.known.items.tolist())
        assert not any(item ^ 1 in known for item in held_out)


def test_what_becomes_of_the_reported_items_decides_nothing(by_kind, kept):
    """Their takers exchanged: the same steps, the same choice, another report."""
    report = np.isin(by_kind.items, groups_of(by_kind).report.items)
    users = by_kind.users.copy()
    users[report] = np.random.default_rng(0).permutation(users[report])
    after = content(replace(by_kind, users=users), "auto")
    for name in ("tune_why", "tune_steps"):
        assert kept.notes[name] == after.notes[name], name
    assert kept.notes["new_items_ndcg"] > after.notes["new_items_ndcg"]


def test_the_frozen_vectors_are_left_as_they_are(by_kind):
    before = encode_items(by_kind, "tfidf", context())[1]
    content(by_kind, "adapter")
    assert np.array_equal(encode_items(by_kind, "tfidf", context())[1], before)
