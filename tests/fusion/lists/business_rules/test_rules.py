"""Rules on lists: planted answers, the contract whatever they ask for, and slow versions."""

from collections import Counter
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.data.dataset import Dataset
from fusion.data.ranked_lists import RankedLists, descend
from fusion.errors import ConfigError
from fusion.lists.business_rules.apply_rules import RuleApplier
from fusion.lists.business_rules.category_caps import apply_category_caps, build_category_caps
from fusion.lists.business_rules.compiled_rules import LimitedItems, Rules
from fusion.lists.business_rules.mmr import ItemSimilarity, rerank_mmr
from fusion.lists.business_rules.resolve_rules import resolve
from fusion.lists.business_rules.rules import Diversity, Limit, RuleSet, read_rules
from fusion.models.base.allowed import Allowed
from tests.fusion.making import dataset, frame_of

GENRES = ("drama", "jazz", "noir")
N_ITEMS, SIZE, SHOWN = 24, 8, 6
NOTHING = pl.DataFrame(schema={"item_id": pl.String, "user_id": pl.String})


def world() -> Dataset:
    """Three users, two of them in the club red, and 24 items: i0, i3, ... are drama, and so on.

    User a has seen i1, everyone has seen i20.
    """
    rows = [("a", "i1", 1), ("a", "i20", 2), ("b", "i20", 2), ("c", "i20", 3)]
    items = pl.DataFrame(
        {
            "id": [f"i{at}" for at in range(N_ITEMS)],
            "text": ["x"] * N_ITEMS,
            "genre": [[GENRES[at % 3]] for at in range(N_ITEMS)],
        },
        schema_overrides={"genre": pl.List(pl.String)},
    )
    users = pl.DataFrame({"id": ["a", "b", "c"], "club": ["red", "blue", "red"]})
    return dataset(frame_of(rows), items, users)


DATA = world()
ROW = {name: int(row) for name, row in zip(DATA.item_ids.values, range(N_ITEMS), strict=True)}


def blocked(*rows: tuple[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=NOTHING.schema, orient="row")


def pool_of(orders: list[list[str]]) -> RankedLists:
    items = np.full((len(orders), max(map(len, orders))), -1, np.int32)
    for row, order in enumerate(orders):
        items[row, : len(order)] = [ROW[name] for name in order]
    scores = np.where(items >= 0, 10.0 - np.arange(items.shape[1]), np.nan).astype(np.float32)
    return RankedLists(np.arange(len(orders), dtype=np.int32), items, scores)


PLAIN = [f"i{at}" for at in range(2, 18)]
"""What the method says of everyone: i2, i3, ..., none of it seen by anybody."""


def arranged(
    given: dict[str, Any], rows: pl.DataFrame = NOTHING, order: list[str] = PLAIN
) -> tuple[list[list[str]], Counter[str]]:
    """Lists of a, b and c by names, and what was moved; `order` is the method's."""
    lists, moved, _ = made(given, rows, [order] * 3)
    names = DATA.item_ids.values.to_list()
    return [[names[item] for item in row if item >= 0] for row in lists.items], moved


def made(
    given: dict[str, Any], rows: pl.DataFrame, orders: list[list[str]]
) -> tuple[RankedLists, Counter[str], Rules]:
    rules, findings = resolve(RuleSet(**given), DATA, rows, SHOWN)
    assert not [one for one in findings if one.severity == "error"]
    users = DATA.users_at(np.arange(3, dtype=np.int32), np.full(3, DATA.as_of))
    allowed = Allowed(np.ones(N_ITEMS, bool))
    spare = np.arange(N_ITEMS, dtype=np.int32)
    similarity = ItemSimilarity.of(DATA, rules.diversity, None) if rules.diversity else None
    desk = RuleApplier(rules, allowed, spare, SIZE, SHOWN, similarity)
    return desk.apply(pool_of(orders), users), desk.moved, rules


class TestPlanted:
    def test_no_rule_leaves_order_and_scores(self):
        lists, moved, rules = made({}, NOTHING, [PLAIN] * 3)
        pool = pool_of([PLAIN] * 3)
        assert rules.empty
        assert np.array_equal(lists.items, pool.items[:, :SIZE])
        assert lists.scores.tobytes() == pool.scores[:, :SIZE].tobytes()
        assert not moved

    def test_what_is_blocked_takes_no_row(self):
        lists, moved = arranged(
            {}, blocked(("i2", None), ("i4", "b"), ("i17", None), ("gone", None), ("i5", "nobody"))
        )
        assert lists[0] == [f"i{at}" for at in (3, 4, 5, 6, 7, 8, 9, 10)]
        assert lists[1] == [f"i{at}" for at in (3, 5, 6, 7, 8, 9, 10, 11)]
        assert moved == {"blocked": 4}  # i17 stood too deep to be listed

    def test_a_pin_stands_at_its_rank_for_its_segment(self):
        lists, moved = arranged({"pin": [{"item": "i19", "rank": 3, "segment": "club=red"}]})
        assert lists[0] == lists[2] == ["i2", "i3", "i19", "i4", "i5", "i6", "i7", "i8"]
        assert lists[1] == PLAIN[:SIZE]
        assert moved == {"pin item i19 at 3 for club=red": 2}

    def test_a_pinned_candidate_moves_and_does_not_double(self):
        assert arranged({"pin": [{"item": "i9", "rank": 1}]})[0][1] == ["i9", *PLAIN[:7]]
        assert arranged({"pin": [{"item": "i2", "rank": 4}]})[0][1] == [
            "i3",
            "i4",
            "i5",
            "i2",
            *PLAIN[4:8],
        ]

    def test_a_pin_never_shows_what_was_met_or_is_blocked(self):
        pins = {
            "pin": [
                {"item": "i1", "rank": 1},
                {"item": "i20", "rank": 2},
                {"item": "i18", "rank": 2, "segment": "club=red"},
            ]
        }
        lists, _ = arranged(pins, blocked(("i18", "c")))
        assert lists[0] == ["i2", "i18", *PLAIN[1:7]]  # a has seen i1
        assert lists[1] == ["i1", *PLAIN[:7]]
        assert lists[2] == ["i1", *PLAIN[:7]]  # i18 is blocked for c

    def test_two_pins_of_one_rank_follow_each_other(self):
        pins = [{"item": "i18", "rank": 1}, {"item": "i19", "rank": 1, "segment": "club=red"}]
        lists, _ = arranged({"pin": pins})
        assert lists[0][:3] == ["i18", "i19", "i2"]
        assert lists[1][:2] == ["i18", "i2"]

    @pytest.mark.parametrize(
        ("places", "expected"),
        [
            (3, [2, 3, 4, 8, 5, 6, 7, 9]),
            (100, [8, 2, 3, 4, 5, 6, 7, 9]),
            (-1, [2, 3, 4, 5, 6, 7, 9, 8]),
        ],
    )
    def test_a_boost_moves_by_places(self, places, expected):
        lists, moved = arranged(
            {"boost": [{"items": ["i8"], "places": places, "segment": "club=blue"}]}
        )
        assert lists[1] == [f"i{at}" for at in expected]
        assert lists[0] == PLAIN[:SIZE]
        assert list(moved.values()) == [1]

    def test_boosts_of_a_category_add_up(self):
        boosts = [{"categories": ["genre=noir"], "places": 1}, {"items": ["i5"], "places": 1}]
        assert arranged({"boost": boosts})[0][0] == [f"i{at}" for at in (2, 5, 3, 4, 6, 8, 7, 9)]

    def test_a_limit_holds_for_every_row_of_the_list(self):
        lists, moved = arranged({"limit": [{"category": "genre=drama", "share": 0.34}]})
        assert lists[0] == [f"i{at}" for at in (2, 3, 4, 5, 6, 7, 8, 10)]
        assert moved == {"limit genre=drama to 0.34": 3}

    def test_a_limit_that_gives_way_is_counted(self):
        """A list of eight with one item of each genre goes on with five that a limit held back."""
        lists, moved = arranged(
            {"limit": [{"category": "genre", "share": 0.17, "segment": "club=red"}]}
        )
        assert lists[0][:3] == ["i2", "i3", "i4"]
        assert sorted(lists[0]) == sorted(PLAIN[:SIZE])  # whole before it is limited
        assert lists[1] == PLAIN[:SIZE]
        rule = "limit genre to 0.17 for club=red"
        assert moved == {rule: 2 * 5, f"{rule} gave way": 2 * 5}

    def test_what_is_popular_stands_in_where_candidates_break_a_limit(self):
        dramas = [f"i{at}" for at in range(3, 18, 3)]
        lists, _ = arranged({"limit": [{"category": "genre=drama", "share": 0.34}]}, order=dramas)
        assert [name for name in lists[1] if name in dramas] == ["i3", "i6"]
        assert len(lists[1]) == SIZE

    def test_pins_count_in_limits(self):
        rules = {
            "limit": [{"category": "genre=drama", "share": 0.34}],
            "pin": [{"item": "i18", "rank": 5}],
        }
        lists, _ = arranged(rules)
        assert lists[1] == [f"i{at}" for at in (2, 3, 4, 5, 18, 7, 8, 10)]

    def test_diversity_puts_the_unlike_next_to_each_other(self):
        order = [f"i{at}" for at in (3, 6, 9, 4, 7, 5, 12, 15, 8)]
        lists, moved = arranged({"diversity": {"by": "genre", "weight": 0.9}}, order=order)
        assert lists[0][:3] == ["i3", "i4", "i5"]
        assert moved["diversity by genre"] > 0
        slight = arranged({"diversity": {"by": "genre", "weight": 0.001}}, order=order)[0]
        assert slight[0] == order[:SIZE]

    def test_an_allow_list_cuts_audiences(self):
        allow = [{"items": ["i2", "i3"]}, {"categories": ["genre=drama"], "segment": "club=red"}]
        rules, findings = resolve(RuleSet(allow=allow), DATA, NOTHING, SHOWN)
        assert not findings
        some = {
            tuple(users.tolist()): allowed
            for users, allowed in rules.user_groups(
                np.arange(3, dtype=np.int32), Allowed(np.ones(N_ITEMS, bool))
            )
        }
        assert set(some) == {(0, 2), (1,)}
        assert np.flatnonzero(some[0, 2].items).tolist() == [ROW["i3"]]
        assert set(np.flatnonzero(some[(1,)].items).tolist()) == {ROW["i2"], ROW["i3"]}
        inside = rules.outside(np.array([0, 0, 1]), np.array([ROW["i2"], ROW["i3"], ROW["i2"]]))
        assert inside.tolist() == [True, False, False]

    def test_a_block_as_lists_are_made_is_a_block_in_the_view(self):
        """What stays of the plain list after a block is what is made with it."""
        taken = ("i3", "i5", "i6")
        lists, _ = arranged({}, blocked(*((name, None) for name in taken)))
        assert lists[0] == [name for name in PLAIN if name not in taken][:SIZE]


names = st.sampled_from([f"i{at}" for at in range(N_ITEMS)])
segments = st.sampled_from([None, "club=red", "club=blue"])
categories = st.sampled_from(["genre", *(f"genre={name}" for name in GENRES)])
pins = st.lists(
    st.fixed_dictionaries({"item": names, "rank": st.integers(1, SHOWN)}),
    max_size=4, unique_by=(lambda pin: pin["item"], lambda pin: pin["rank"]),
)  # fmt: skip
rule_sets = st.fixed_dictionaries(
    {
        "pin": pins,
        "boost": st.lists(
            st.fixed_dictionaries(
                {
                    "items": st.lists(names, min_size=1, max_size=5),
                    "places": st.sampled_from([-9, -1, 1, 2, 30]),
                    "segment": segments,
                }
            ),
            max_size=3,
        ),
        "limit": st.lists(
            st.fixed_dictionaries(
                {"category": categories, "share": st.floats(0.05, 0.9), "segment": segments}
            ),
            max_size=2,
        ),
        "diversity": st.none()
        | st.fixed_dictionaries(
            {"by": st.just("genre"), "weight": st.floats(0.01, 0.99), "depth": st.integers(2, 12)}
        ),
    }
)
orders = st.lists(
    st.permutations([f"i{at}" for at in range(N_ITEMS) if at not in (1, 20)]).map(lambda o: o),
    min_size=3,
    max_size=3,
)
QUICK = settings(deadline=None, max_examples=30)


@QUICK
@given(
    rule_sets,
    orders,
    st.integers(1, 22),
    st.lists(st.tuples(names, st.sampled_from([None, "a", "b"])), max_size=6),
)
def test_rules_never_break_the_contract(given, orders, length, rows):
    cut = [order[: max(1, length - at)] for at, order in enumerate(orders)]
    lists, _, rules = made(given, blocked(*rows), cut)
    for user, (items, scores) in enumerate(zip(lists.items, lists.scores, strict=True)):
        listed = items[items >= 0]
        assert (items[len(listed) :] == -1).all()
        assert len(set(listed.tolist())) == len(listed)
        assert (np.diff(scores[: len(listed)]) <= 0).all()
        assert np.isfinite(scores[: len(listed)]).all()
        assert np.isnan(scores[len(listed) :]).all()
        seen = set(DATA.items[DATA.users == user].tolist())
        assert not seen & set(listed.tolist())
        assert not rules.blocked.hits(np.full(len(listed), user), listed).any()
        mine = [ROW[name] for name in cut[user]]
        left = [
            item for item in mine if not rules.blocked.hits(np.array([user]), np.array([item]))[0]
        ]
        assert len(listed) >= min(SIZE, len(left))


@QUICK
@given(rule_sets.filter(lambda rules: rules["limit"]), orders)
def test_a_limit_is_kept_or_nothing_else_was_left(given, orders):
    lists, _, rules = made(given, NOTHING, orders)
    for limit in rules.limits:
        most = limit.rule.most(SHOWN)
        counts = np.array([limit.values[items[items >= 0]].sum(axis=0) for items in lists.items])
        # 22 items of three categories: with one limit and few pins there is always another item.
        if (
            len(rules.limits) == 1
            and not given["pin"]
            and (limit.rule.category != "genre" or most >= 3)
        ):
            assert (counts[limit.users] <= most).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_fast_limits_are_slow_limits(seed):
    rng = np.random.default_rng(seed)
    n_items, n_users, size = 30, 4, 7
    values = (rng.random((n_items, 4)) < 0.35).astype(np.float32)
    limits = [
        LimitedItems(
            Limit(category="x", share=float(rng.uniform(0.1, 0.6))),
            rng.random(n_users) < 0.7,
            values_of(values[:, part]),
        )
        for part in (slice(0, 1), slice(1, 4))
    ]
    pool = np.full((n_users, 20), -1, np.int32)
    for row in range(n_users):
        length = rng.integers(0, 21)
        pool[row, :length] = rng.choice(n_items, length, replace=False)
    pins = np.where(rng.random((n_users, 2)) < 0.5, 28 + np.arange(2), -1).astype(np.int32)
    pool = np.array(
        [sorted(np.where(np.isin(row, pins), -1, row), key=lambda item: item < 0) for row in pool],
        np.int32,
    )
    who = np.arange(n_users, dtype=np.int32)
    kept = apply_category_caps(pool, build_category_caps(limits, who, pool, pins, size), size)
    beyond: Counter[int] = Counter()
    for user in who:
        slow = slow_limits(pool[user], pins[user], limits, int(user), size)
        assert kept.items[user][kept.items[user] >= 0].tolist() == slow[0]
        beyond += slow[1]
    assert kept.exceeded == beyond


def values_of(dense: np.ndarray) -> Any:
    from scipy.sparse import csr_array

    return csr_array(dense)


def slow_limits(
    pool: np.ndarray, pins: np.ndarray, limits: list[LimitedItems], user: int, size: int
) -> tuple[list[int], Counter[int]]:
    """Take what fits, one by one, then what is left; and how many of those exceed each limit."""
    taken, late = [], []
    standing = [int(item) for item in pins if item >= 0]

    def broken(item: int) -> list[int]:
        return [
            at
            for at, limit in enumerate(limits)
            if limit.users[user]
            and any(
                column[item] and sum(column[one] for one in standing) + 1 > limit.rule.most(size)
                for column in limit.values.toarray().T
            )
        ]

    for item in (int(item) for item in pool if item >= 0):
        if not broken(item) and len(taken) < size:
            taken.append(item)
            standing.append(item)
        else:
            late.append(item)
    beyond: Counter[int] = Counter()
    for item in late[: size - len(taken)]:
        beyond.update(broken(item))
        standing.append(item)
    return (taken + late)[:size], beyond


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.booleans(), st.floats(0.01, 0.99))
def test_fast_diversity_is_slow_diversity(seed, sets, weight):
    rng = np.random.default_rng(seed)
    vectors = (
        (rng.random((20, 5)) < 0.4).astype(np.float32)
        if sets
        else rng.normal(size=(20, 5)).astype(np.float32)
    )
    if not sets:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = Diversity(by="genre", weight=weight, depth=int(rng.integers(2, 15)))
    length = int(rng.integers(1, 13))
    pool = np.full((1, 12), -1, np.int32)
    pool[0, :length] = rng.choice(20, length, replace=False)
    fast = rerank_mmr(pool, ItemSimilarity(vectors, sets), wanted, 6)[0]
    assert (fast[length:] == -1).all()
    follows_slow_diversity(
        fast[:length].tolist(), pool[0][:length].tolist(), vectors.astype(np.float64), sets, wanted
    )


def follows_slow_diversity(
    reranked: list[int],
    pool: list[int],
    vectors: np.ndarray,
    sets: bool,
    wanted: Diversity,
    size: int = 6,
) -> None:
    """Each item is the best next one, up to the rounding of float32; the rest keeps its order."""

    def alike(one: int, other: int) -> float:
        common = vectors[one] @ vectors[other]
        if not sets:
            return min(1.0, max(0.0, common))
        union = vectors[one].sum() + vectors[other].sum() - common
        return common / union if union else 0.0

    head, chosen = pool[: wanted.depth], []
    while head and len(chosen) < size:
        value = {
            item: (1 - wanted.weight) * (1 - pool.index(item) / wanted.depth)
            - wanted.weight * max((alike(item, other) for other in chosen), default=0.0)
            for item in head
        }
        chosen.append(reranked[len(chosen)])
        assert value[chosen[-1]] >= max(value.values()) - 1e-6
        head.remove(chosen[-1])
    assert reranked[len(chosen) :] == head + pool[wanted.depth :]


class TestFile:
    def read(self, folder, text):
        (folder / "rules.toml").write_text(text)
        return read_rules(folder / "rules.toml")

    def test_every_kind_of_rule(self, tmp_path):
        rules = self.read(
            tmp_path,
            '[[allow]]\nitems = [1, "2"]\n[[pin]]\nitem = 318\n'
            '[[boost]]\ncategories = ["genre=noir"]\nplaces = 3\n'
            '[[limit]]\ncategory = "genre"\nshare = 0.4\nsegment = "club=red"\n'
            '[diversity]\nby = "text"\n',
        )
        assert rules.allow[0].items == ("1", "2")
        assert (rules.pin[0].item, rules.pin[0].rank) == ("318", 1)
        assert [str(rule) for rule in (*rules.boost, *rules.limit, rules.diversity)] == [
            "boost genre=noir by 3", "limit genre to 0.4 for club=red", "diversity by text",
        ]  # fmt: skip
        assert rules.hash != RuleSet().hash

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ('[[pins]]\nitem = "1"\n', "pins: unknown key. Did you mean 'pin'?"),
            ('[[pin]]\nitm = "1"\nitem = "1"\n', "[pin.0] itm: unknown key. Did you mean 'item'?"),
            ('[[boost]]\nplaces = 3\n', "names nothing"),
            ('[[boost]]\nitems = [1]\nplaces = 0\n', "places = 0 moves nothing"),
            ('[[boost]]\nitems = [1]\nplaces = 1\nsegment = "red"\n', "[boost.0] segment"),
            ('[[pin]]\nitem = 1\n[[pin]]\nitem = 2\n', "has rank 1 twice for everyone"),
            ('[[pin]]\nitem = 1\n[[pin]]\nitem = 1\nrank = 2\n', "has item 1 twice"),
            (
                '[diversity]\nby = "text"\nweigth = 0.3\n',
                "[diversity] weigth: unknown key. Did you mean 'weight'?",
            ),
            ("[[pin\n", "is not valid TOML"),
            ("pin = " + "[" * 5000, "nests brackets too deeply"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named(self, tmp_path, text, words):
        with pytest.raises(ConfigError) as caught:
            self.read(tmp_path, text)
        assert words in str(caught.value)
        assert "rules.toml" in str(caught.value)

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(ConfigError, match="no rules at"):
            read_rules(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"pin": [{"item": "i99"}]}, "rule_item", "pin item i99 at 1: the item is not in the data"),
        (
            {"boost": [{"items": ["i1", "i98", "i99"], "places": 1}]},
            "rule_item",
            "2 of 3 items are not in the data",
        ),
        ({"pin": [{"item": "i1", "segment": "clb=red"}]}, "rule_column", "Did you mean 'club'?"),
        (
            {"pin": [{"item": "i1", "segment": "club=rd"}]},
            "rule_value",
            "no user has club=rd. Did you mean 'red'?",
        ),
        (
            {"limit": [{"category": "genr=drama", "share": 0.5}]},
            "rule_column",
            "no category column 'genr'",
        ),
        (
            {"limit": [{"category": "genre=Drama", "share": 0.5}]},
            "rule_value",
            "Did you mean 'drama'?",
        ),
        ({"pin": [{"item": "i1", "rank": 7}]}, "rule_rank", "lists show 6 items"),
        ({"allow": [{"items": ["i99"]}]}, "rule_allows_nothing", "none of it is in the data"),
        (
            {"allow": [{"items": ["i1"], "segment": "club=red"}, {"items": ["i2"]}]},
            "rule_shows_nothing",
            "allow item i1 for club=red and allow item i2: leaves club=red nothing",
        ),
        (
            {"diversity": {"by": "genres"}},
            "rule_column",
            "no category column 'genres'. Did you mean 'genre'?",
        ),
    ],
)  # fmt: skip
def test_what_a_rule_names_and_is_not_there_is_a_finding(given, code, words):
    _, findings = resolve(RuleSet(**given), DATA, NOTHING, SHOWN)
    assert code in [one.code for one in findings]
    assert words in next(one.message for one in findings if one.code == code)


def test_blocks_that_leave_no_item_are_an_error():
    everything = [(f"i{at}", None) for at in range(N_ITEMS)]
    _, findings = resolve(RuleSet(), DATA, blocked(*everything), SHOWN)
    assert [(one.code, one.severity) for one in findings] == [("blocked_everything", "error")]
    assert (
        findings[0].message == f"of {N_ITEMS} items 0 are not available and {N_ITEMS} are blocked"
    )
    # One item is enough; and a block for single users leaves all others something.
    for few in (everything[1:], [(item, "a") for item, _ in everything]):
        assert resolve(RuleSet(), DATA, blocked(*few), SHOWN)[1] == []


def test_blocks_of_unknown_items_are_a_finding():
    _, findings = resolve(RuleSet(), DATA, blocked(("i1", None), ("typo", None)), SHOWN)
    assert [(one.code, one.count, one.examples) for one in findings] == [
        ("blocked_unknown", 1, [{"item_id": "typo"}])
    ]


def test_blocks_for_unknown_users_are_a_finding_without_their_ids_in_its_message():
    _, findings = resolve(RuleSet(), DATA, blocked(("i1", None), ("i1", "nobody-4711")), SHOWN)
    assert [(one.code, one.count, one.examples) for one in findings] == [
        ("blocked_user", 1, [{"user_id": "nobody-4711"}])
    ]
    # Messages are stored with the run, examples are not.
    assert "4711" not in findings[0].message


def test_filled_places_keep_falling():
    assert descend(
        np.array([[3, 4, -1]]), np.array([[np.nan, np.nan, np.nan]], np.float32)
    ).tolist()[0][:2] == [-1, -2]
