"""Every kind of rule publishes by the default gate, on a first run and on a second, and acts."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import pytest

from tests.flows.rules.market import NEW, USERS, Block, Market, age_of, club_of, genre_of

Lists = dict[str, list[str]]
FRESH = [f"new{number}" for number in range(NEW)]
RED, CHILD = 'segment = "club=red"\n', 'segment = "age=child"\n'
"""Of the first and of the second category column of the users."""
REDS = {f"u{user}" for user in range(USERS) if club_of(user) == "red"}
CHILDREN = {f"u{user}" for user in range(USERS) if age_of(user) == "child"}
ALLOW = '[[allow]]\ncategories = ["genre=children"]\n'
ARRIVALS = f"[[allow]]\nitems = {FRESH}\n"
PIN = '[[pin]]\nitem = "new1"\nrank = 2\n'
BOOST = '[[boost]]\ncategories = ["genre=jazz"]\nplaces = 50\n'
LOWER = '[[boost]]\ncategories = ["genre=jazz"]\nplaces = -50\n'
LIMIT = '[[limit]]\ncategory = "genre"\nshare = 0.4\n'
EXPOSURE = '[[limit_exposure]]\ncategories = ["genre=jazz"]\nleast = 0.6\n'
DIVERSITY = '[diversity]\nby = "{by}"\nweight = 0.8\n'


def genres(items: list[str]) -> list[str]:
    return [genre_of(int(item.removeprefix("new").removeprefix("i"))) for item in items]


def only_children(lists: Lists, users: set[str]) -> bool:
    return all(set(genres(lists[user])) == {"children"} for user in users)


def n_jazz(lists: Lists, users: set[str]) -> int:
    return sum(genres(lists[user]).count("jazz") for user in users)


def within_limit(lists: Lists, users: set[str]) -> bool:
    return all(genres(lists[user]).count(g) <= 2 for user in users for g in genres(lists[user]))


Effect = Callable[[Lists, Lists, set[str]], bool]
"""From lists under a rule, lists without, and some users: whether they have what it asks for."""
EFFECTS: dict[str, tuple[str, Effect]] = {
    "allow": (ALLOW, lambda lists, _, users: only_children(lists, users)),
    "arrivals": (ARRIVALS, lambda lists, _, users: all(set(lists[u]) <= {*FRESH} for u in users)),
    "pin": (PIN, lambda lists, _, users: all(lists[user][1] == "new1" for user in users)),
    "boost": (BOOST, lambda lists, plain, users: n_jazz(lists, users) > n_jazz(plain, users)),
    "lower": (LOWER, lambda lists, plain, users: n_jazz(lists, users) < n_jazz(plain, users)),
    "exposure": (EXPOSURE, lambda lists, plain, users: n_jazz(lists, users) > n_jazz(plain, users)),
    "limit": (LIMIT, lambda lists, _, users: within_limit(lists, users)),
}


@dataclass(frozen=True)
class Case:
    """Rules and blocks, who follows them, and what their lists then have."""

    rules: str
    users: set[str]
    effect: Effect
    blocks: tuple[Block, ...] = ()


CASES = {
    "block": Case("", REDS, lambda lists, _, users: "i0" not in {*chain(*lists.values())},
                  blocks=(("i0", None),)),
    "block for one": Case("", {"u1"}, lambda lists, plain, _: plain["u1"][0] not in lists["u1"],
                          blocks=tuple((f"i{number}", "u1") for number in range(40))),
    "diversity by text": Case(DIVERSITY.format(by="text"), REDS, lambda lists, plain, _:
                              lists != plain),
    "diversity by genre": Case(DIVERSITY.format(by="genre"), REDS, lambda lists, plain, users:
                               sum(len(set(genres(lists[u]))) for u in users)
                               > sum(len(set(genres(plain[u]))) for u in users)),
    "all together": Case(
        ALLOW + CHILD + PIN.replace("new1", "i8") + RED + BOOST + LOWER + RED + LIMIT + RED
        + DIVERSITY.format(by="genre"),
        CHILDREN, EFFECTS["allow"][1], blocks=(("i0", None), ("i4", "u1"))),
}  # fmt: skip
SELDOM = ["lower for everyone"]
"""Cases of the long suites: kinds of rules for a segment, where the same for everyone runs always.
One of each way to aim runs always, too. What lowers is applied by the lines of what raises."""
for name, (rule, effect) in EFFECTS.items():
    everyone = {f"u{user}" for user in range(USERS)}
    CASES[f"{name} for everyone"] = Case(rule, everyone, effect)
    aim, users = (RED, REDS) if name in ("pin", "limit", "arrivals") else (CHILD, CHILDREN)
    CASES[f"{name} for a segment"] = Case(rule + aim, users, effect)
    if name not in ("allow", "pin"):
        SELDOM.append(f"{name} for a segment")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.faults if name in SELDOM else ()) for name in CASES],
)
def test_a_rule_publishes_on_a_first_run_and_on_a_second(
    trained_market: Market, market: Market, name: str
):
    case, plain = CASES[name], trained_market.lists()
    market.follow(case.rules, case.blocks)
    market.run()
    lists = market.lists()
    assert {len(items) for items in lists.values()} == {5}
    assert len(lists) == USERS
    assert case.effect(lists, plain, case.users)
    others = set(lists) - case.users
    if "segment" in name:
        assert {user: lists[user] for user in others} == {user: plain[user] for user in others}
    assert len(market.fallback()["all"]) == 5
    # The second run is compared with a live one that follows the same rules.
    market.run()
    assert market.lists() == lists


@pytest.mark.parametrize(
    "rules",
    [ALLOW, ARRIVALS, pytest.param(ALLOW + CHILD, marks=pytest.mark.faults)],
    ids=["allow", "arrivals", "allow for a segment"],
)
def test_rules_that_came_since_the_live_run_publish(published_market: Market, rules: str):
    before = published_market.lists()
    published_market.follow(rules)
    published_market.run()
    assert published_market.lists() != before
    published_market.follow("")
    published_market.run()
    assert published_market.lists() == before


def test_what_rules_change_is_no_feature(trained_market: Market, market: Market):
    """The check of features sees the same under rules as without: to the last bit."""
    market.follow(ARRIVALS)
    market.run()
    psi = market.trained.manifest["feature_psi"]
    assert psi == trained_market.trained.manifest["feature_psi"]
    assert len(psi) > 5
