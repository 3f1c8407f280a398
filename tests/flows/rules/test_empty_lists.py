"""What allow lists leave of lists: whoever has nothing left is served by a list that keeps to them.

Where nothing is left for anybody, a sentence says so before anything is trained.
"""

import pytest

from flows.steps.train.train import train_run
from flows.steps.watch.check import check_all
from fusion.errors import ConfigError
from storage import open_reader, recommendations_for
from tests.flows.rules.market import USERS, Market, age_of, club_of
from tests.flows.rules.test_every_rule import ALLOW, ARRIVALS, CHILD, FRESH, RED, genres
from tests.flows.world import query

CHILD_STRANGER, BOTH_STRANGER = "u140", "u150"
"""Without a history: a child in the club blue, and one in the club red."""
DRAMA = '[[allow]]\ncategories = ["genre=children", "genre=drama"]\n'


def shown(market: Market, user: str, segment: str | None = None):
    engine = open_reader(f"sqlite:///{market.database}", schema=None)
    answer = recommendations_for(engine, "default", user, segment)
    engine.dispose()
    return answer.segment, answer.rows["item_id"].to_list()


def test_strangers_under_an_allow_list_see_no_list_that_breaks_it(market):
    assert [(age_of(140), club_of(140)), (age_of(150), club_of(150))] == [
        ("child", "blue"),
        ("child", "red"),
    ]
    market.follow(ALLOW + CHILD + DRAMA + RED + ARRIVALS + RED)
    market.run()
    for user, segment, allowed in (
        (CHILD_STRANGER, "age=child", {"children"}),
        (BOTH_STRANGER, "age=child, club=red", {"children"}),
        ("u141", "club=red", {"children", "drama"}),
        ("u142", "club=blue", {"children", "crime", "drama", "jazz"}),
    ):
        served_by, items = shown(market, user)
        assert (served_by, len(items)) == (segment, 5), user
        assert set(genres([item for item in items if item not in FRESH])) <= allowed
    # A service that knows no more than the segment gets the same list.
    assert shown(market, "nobody", "age=child") == shown(market, CHILD_STRANGER)
    assert market.segments()["u0"] == "age=child, club=red"


def test_who_has_met_all_that_is_allowed_gets_the_fallback_of_it(market):
    market.follow('[[allow]]\nitems = ["i0"]\n')
    market.run()
    lists = market.lists()
    assert 0 < len(lists) < USERS
    assert set(map(tuple, lists.values())) == {("i0",)}
    full = {f"u{user}" for user in range(USERS)} - set(lists)
    assert {tuple(shown(market, user)[1]) for user in full} == {("i0",)}
    market.run()
    assert market.lists() == lists


@pytest.mark.parametrize(
    ("rules", "blocks", "words"),
    [
        ('[[allow]]\nitems = ["i7"]\n', (("i7", None),),
         "leaves everyone nothing: of 1 items 0 are not available and 1 are blocked"),
        ('[[allow]]\nitems = ["i7"]\n' + RED + '[[allow]]\nitems = ["i8"]\n' + CHILD, (),
         "leaves club=red, age=child nothing: no item is in all of these lists"),
        ('[[allow]]\nitems = ["no such item"]\n', (), "none of it is in the data"),
    ],
    ids=["blocked", "two lists", "not in the data"],
)  # fmt: skip
def test_an_allow_list_that_leaves_nothing_ends_before_training(market, rules, blocks, words):
    market.follow(rules, blocks)
    session = market.open()
    with pytest.raises(ConfigError, match=words) as refused:
        train_run(session)
    assert refused.value.exit_code == 2
    assert words in "".join(one.message for one in check_all(session) if one.severity == "error")
    session.engine.dispose()
    assert query(f"sqlite:///{market.database}", "select count(*) from run") == [(0,)]


def test_new_arrivals_alone_have_a_fallback_and_no_item_twice(market):
    market.follow(ARRIVALS)
    market.run()
    for items in market.fallback().values():
        assert len(set(items)) == 5
        assert set(items) <= set(FRESH)
    stored = "select segment, item_id, score from fallback order by segment, rank"
    scores: dict[str, list[float]] = {}
    for segment, _, score in query(f"sqlite:///{market.database}", stored):
        scores.setdefault(segment, []).append(score)
    assert all(row == sorted(row, reverse=True) for row in scores.values())
