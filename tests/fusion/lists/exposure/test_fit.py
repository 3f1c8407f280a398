"""Prices: shares kept wherever they can be, the least score lost, and the slow way beside it."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.data.ranked_lists import RankedLists
from fusion.lists.business_rules.exposure_limits import ExposedItems, LimitExposure
from fusion.lists.exposure.fit import ListedBlock, fit_prices, keeps, share_of
from fusion.lists.exposure.prices import Price, PricedOrder, Prices, group_counts
from fusion.metrics.ranking import rank_discounts

N_ITEMS, K = 12, 4


def limit(items, n_users, users=None, **asked) -> ExposedItems:
    is_of_group = np.isin(np.arange(N_ITEMS), items)
    members = np.ones(n_users, bool) if users is None else users
    return ExposedItems(LimitExposure(items=("i",), **asked), members, is_of_group)


def order_of(scores) -> PricedOrder:
    """Each user's items from the best score on."""
    items = np.argsort(-scores, axis=1, kind="stable").astype(np.int32)
    ranked = np.take_along_axis(scores, items, axis=1).astype(np.float32)
    users = np.arange(len(scores), dtype=np.int32)
    none = np.empty((len(scores), 0), np.int32)
    return PricedOrder.of(RankedLists(users, items, ranked), items, none, none)


def block_of(order: PricedOrder) -> ListedBlock:
    return ListedBlock(order.users, lambda prices: prices.reranked(order)[:, :K], order.widest())


def fitted_on(scores, rules, pieces: int = 1):
    order = order_of(scores)
    parts = np.array_split(np.arange(len(scores)), pieces)
    blocks = []
    for part in parts:
        cut = PricedOrder(*(getattr(order, name)[part] for name in PricedOrder.__annotations__))
        blocks.append(block_of(cut))
    samples = [np.ones(len(scores), bool)] * len(rules)
    return fit_prices(rules, blocks, samples, K), order


def share_by_hand(rule, lists) -> float:
    """The slow way: place by place."""
    group = everything = 0.0
    for user, items in enumerate(lists):
        if rule.users[user]:
            for rank, item in enumerate(items[:K], start=1):
                everything += 1 / np.log2(rank + 1)
                group += rule.items[item] / np.log2(rank + 1)
    return group / everything


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([(0.4, 1.0), (0.0, 0.2), (0.3, 0.35), (0.7, 0.9)]))
def test_a_share_is_kept_wherever_it_can_be(seed, asked):
    scores = np.random.default_rng(seed).normal(size=(200, N_ITEMS))
    rule = limit([0, 1, 2, 3, 4], 200, least=asked[0], most=asked[1])
    fitted, order = fitted_on(scores, [rule])
    share = share_by_hand(rule, fitted.prices.reranked(order))
    assert fitted.after[0] == pytest.approx(share)
    assert asked[0] <= share <= asked[1]
    before = share_by_hand(rule, order.items)
    assert fitted.before[0] == pytest.approx(before)
    if asked[0] <= before <= asked[1]:
        assert fitted.prices.values == (Price(),)
    else:
        # No further than asked for: within one place of one list.
        nearest = asked[0] if before < asked[0] else asked[1]
        assert abs(share - nearest) <= 1 / (200 * rank_discounts(K).sum())


def test_no_lists_with_as_much_exposure_have_more_score():
    """Every order of every user's list is tried: prices lose the least that can be lost."""
    rng, n_users, places = np.random.default_rng(2), 3, 2
    scores = rng.normal(size=(n_users, 4))
    items = np.argsort(-scores, axis=1, kind="stable").astype(np.int32)
    ranked = np.take_along_axis(scores, items, axis=1).astype(np.float32)
    none = np.empty((n_users, 0), np.int32)
    users = np.arange(n_users, dtype=np.int32)
    order = PricedOrder.of(RankedLists(users, items, ranked), items, none, none)
    discounts = rank_discounts(places)
    tried = 0
    for group in ([0], [1, 2], [3], [0, 3]):
        rule = limit(group, n_users, least=0.05, most=1)
        every = [list(permutations(range(4), places)) for _ in range(n_users)]
        worlds = []
        for lists in product(*every):
            relevance = sum(
                discounts[place] * order.relevance[user][items[user] == item][0]
                for user, chosen in enumerate(lists)
                for place, item in enumerate(chosen)
            )
            exposure = sum(
                discounts[place] * (item in group)
                for chosen in lists
                for place, item in enumerate(chosen)
            )
            worlds.append((relevance, exposure))
        relevances, exposures = map(np.array, zip(*worlds, strict=True))
        for value in (-2.0, -0.3, 0.4, 1.1, 3.0):
            mine = Prices((rule,), (Price(value),)).reranked(order)[:, :places]
            shown = sum(
                discounts[place] * order.relevance[user][items[user] == item][0]
                for user, chosen in enumerate(mine)
                for place, item in enumerate(chosen)
            )
            exposed = (discounts * rule.items[mine]).sum()
            as_much = exposures >= exposed - 1e-9 if value > 0 else exposures <= exposed + 1e-9
            assert shown >= relevances[as_much].max() - 1e-6
            tried += 1
    assert tried == 20


def test_what_cannot_be_kept_comes_as_near_as_it_can():
    scores = np.random.default_rng(3).normal(size=(50, N_ITEMS))
    rule = limit([0], 50, least=0.9)
    fitted, order = fitted_on(scores, [rule])
    assert not keeps(rule, fitted.after[0])
    assert (fitted.prices.reranked(order)[:, 0] == 0).all()
    assert fitted.after[0] == pytest.approx(1 / rank_discounts(K).sum())


def test_lists_that_are_all_alike_turn_for_as_many_users_as_are_needed():
    """One price would turn all of them at once, from nothing to half."""
    scores = np.tile(-np.arange(N_ITEMS, dtype=float), (400, 1))
    rule = limit([11], 400, least=0.1, most=0.12)
    fitted, order = fitted_on(scores, [rule])
    assert fitted.before == (0.0,)
    assert 0.1 <= share_by_hand(rule, fitted.prices.reranked(order)) <= 0.12


def test_several_groups_that_meet_are_all_kept():
    scores = np.random.default_rng(4).normal(size=(300, N_ITEMS))
    half = np.arange(300) < 150
    rules = [
        limit([0, 1, 2, 3], 300, least=0.5),
        limit([2, 3, 4], 300, most=0.2),
        limit([5], 300, users=half, least=0.15, most=0.3),
    ]
    fitted, order = fitted_on(scores, rules)
    lists = fitted.prices.reranked(order)
    for rule in rules:
        assert keeps(rule, share_by_hand(rule, lists), 0.005)
    # Users of no limit of that group pay nothing for it.
    only = Prices(rules[2:], fitted.prices.values[2:])
    assert (only.reranked(order)[~half] == order.items[~half]).all()


def test_prices_do_not_depend_on_how_users_are_cut_into_blocks():
    scores = np.random.default_rng(5).normal(size=(97, N_ITEMS))
    rules = [limit([0, 1], 97, least=0.37), limit([2, 9], 97, most=0.11)]
    one, seven = fitted_on(scores, rules)[0], fitted_on(scores, rules, pieces=7)[0]
    assert (one.prices.values, one.before, one.after) == (
        seven.prices.values,
        seven.before,
        seven.after,
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-4, 4))
def test_pruned_orders_make_the_same_lists(seed, value):
    rng = np.random.default_rng(seed)
    order = order_of(rng.normal(size=(20, N_ITEMS)))
    lengths = rng.integers(0, N_ITEMS + 1, 20)
    is_there = np.arange(N_ITEMS) < lengths[:, None]
    order = PricedOrder(
        order.users,
        np.where(is_there, order.items, -1),
        np.where(is_there, order.relevance, -np.inf),
        order.pins,
        order.behind,
    )
    rules = (limit([0, 1, 2], 20, least=0.4), limit([2, 3], 20, most=0.4))
    prices = Prices(rules, (Price(value), Price(-value / 2, 0.0, 0.5)))
    short = order.pruned(rules, K)
    assert short.items.shape[1] <= 4 * K
    whole = prices.reranked(order)[:, :K]
    made = prices.reranked(short)[:, :K]
    assert (np.pad(made, ((0, 0), (0, K - made.shape[1])), constant_values=-1) == whole).all()


def test_no_price_leaves_every_order_as_it_is():
    order = order_of(np.random.default_rng(6).normal(size=(30, N_ITEMS)))
    rule = limit([0, 1], 30, least=0.1)
    prices = Prices((rule,), (Price(),))
    assert (prices.reranked(order) == order.items).all()
    assert prices.moved(order.users, order.items, order.items, K) == {str(rule.rule): 0}


def test_nothing_listed_has_no_share():
    rule = limit([0], 2, least=0.1)
    nobody = np.full((2, K), -1, np.int32)
    assert share_of(rule, group_counts(rule, np.arange(2, dtype=np.int32), nobody)) == 0
