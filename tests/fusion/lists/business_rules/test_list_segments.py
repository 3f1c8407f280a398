"""Which segments have a fallback list, and which one serves whom, under allow lists and without."""

import polars as pl

from fusion.data.segments import user_segments
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.list_segments import (
    ALL,
    fallback_segments,
    serving_segments,
)
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet
from tests.fusion.making import dataset, frame_of

CLUBS = ["red", "blue", "red", None, None]
AGES = ["child", "adult", "adult", "child", None]
DATA = dataset(
    frame_of([("a", "i1", 1), ("b", "i2", 2)]),
    None,
    pl.DataFrame({"id": ["a", "b", "c", "d", "e"], "club": CLUBS, "age": AGES}),
)
IN_ORDER = ["a", "b", "c", "d", "e"]


def serving(*aims: str | None) -> list[str]:
    """The segment that serves a, b, c, d and e under an allow list for each aim."""
    entries = [{"items": ["i1"], "segment": aim} if aim else {"items": ["i1"]} for aim in aims]
    rules, _ = usable(RuleSet(allow=entries), DATA, NO_BLOCKS, 5)
    rows = DATA.user_ids.rows(pl.Series(IN_ORDER))
    names = serving_segments(DATA, rules)
    have_lists = {segment.name for segment in fallback_segments(DATA, rules)}
    assert set(names) <= have_lists
    return names.gather(rows).to_list()


def test_without_allow_lists_for_segments_the_first_column_decides():
    plain = user_segments(DATA).fill_null(ALL).to_list()
    assert serving_segments(DATA, None).to_list() == plain
    assert serving() == serving(None) == ["club=red", "club=blue", "club=red", ALL, ALL]


def test_an_allow_list_for_a_segment_of_any_column_serves_its_users():
    assert serving("age=child") == ["age=child", "club=blue", "club=red", "age=child", ALL]


def test_who_is_under_several_has_a_list_that_keeps_to_all_of_them():
    both = ["age=child, club=red", "club=blue", "club=red", "age=child", ALL]
    assert serving("age=child", "club=red") == both


def test_members_and_rules_of_a_list():
    entries = [{"items": ["i1"], "segment": name} for name in ("age=child", "club=red")]
    rules, _ = usable(RuleSet(allow=entries), DATA, NO_BLOCKS, 5)
    segments = {segment.name: segment for segment in fallback_segments(DATA, rules)}
    assert list(segments) == [ALL, "age=child", "age=child, club=red", "club=blue", "club=red"]
    together = segments["age=child, club=red"]
    assert together.values == ("age=child", "club=red")
    assert together.users.sum() == 1
    assert segments["club=red"].users.sum() == 2
    assert segments[ALL].users.all()
    assert segments[ALL].values == ()
