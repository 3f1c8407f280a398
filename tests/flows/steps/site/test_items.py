"""What the pages of items read: from run folders, and from SQL where these are elsewhere."""

from collections import Counter

import pytest
from sqlalchemy import insert

from flows.session import Session
from flows.steps.site.people import people_reads
from storage.database.engine import writing
from storage.reading.live_run import live
from storage.reading.read import lists_of
from storage.schema.tables import blocked_item
from tests.flows.world import events


@pytest.fixture(params=["folder", "sql"])
def either(request, two_runs) -> Session:
    """The same runs, with their folders here and elsewhere."""
    if request.param == "folder":
        return two_runs
    artifacts = two_runs.config.artifacts.model_copy(update={"path": "elsewhere"})
    return two_runs.varied(two_runs.config.model_copy(update={"artifacts": artifacts}))


def shown(session: Session) -> dict[str, list[str]]:
    """Items of every live list as it was made, the first five."""
    run_no = live(session.engine, "default").run.run_no
    lists: dict[str, list[str]] = {}
    for user, _, item, _ in lists_of(session.engine, run_no, 5).rows():
        lists.setdefault(user, []).append(item)
    return lists


def test_reach_and_ranks_are_those_of_all_lists(either):
    lists = shown(either)
    for item in ("i0", "i5", "i40"):
        facts = people_reads(either).item("default", item)
        holding = {user: row.index(item) + 1 for user, row in lists.items() if item in row}
        counts = Counter(holding.values())
        assert facts.ranks == [counts.get(rank, 0) for rank in range(1, 6)]
        assert (facts.live.lists, facts.live.of, facts.live.is_sample) == (
            len(holding),
            len(lists),
            False,
        )
        assert facts.live.first == counts.get(1, 0)
        assert len(facts.reach) == 2
        assert {one.user for one in facts.holders} <= set(holding)
        assert all(one.rank == holding[one.user] for one in facts.holders)
        assert len(facts.holders) == min(len(holding), len(facts.holders)) <= 20


def test_neighbours_stand_in_the_same_lists(either):
    lists = [row for row in shown(either).values() if "i0" in row]
    facts = people_reads(either).item("default", "i0")
    counts = Counter(item for row in lists for item in row if item != "i0")
    assert facts.n_lists == len(lists)
    best = facts.neighbours[0]
    assert best.share == pytest.approx(max(counts.values()) / len(lists))
    for one in facts.neighbours:
        assert one.share == pytest.approx(counts[one.item.item_id] / len(lists))


def test_what_brings_it_is_told_by_stored_reasons(either):
    facts = people_reads(either).item("default", "i0")
    assert {one.source for one in facts.bringers} & {"ease", "item_knn", "popularity"}
    lists = [one.lists for one in facts.bringers]
    assert lists == sorted(lists, reverse=True)
    assert any(one.gain is not None for one in facts.bringers)


def test_what_is_listed_most_is_so_and_titles_are_found(two_runs):
    counts = Counter(item for row in shown(two_runs).values() for item in row)
    facts = people_reads(two_runs).items("default", "")
    assert facts.most_listed[0][1] == max(counts.values())
    assert {item.item_id: lists for item, lists in facts.most_listed}.items() <= counts.items()
    assert (facts.of, facts.matches, facts.is_item) == (90, [], False)
    found = people_reads(two_runs).items("default", "fILM I1")
    assert "Film i1" in [one.title for one in found.matches]
    assert all("film i1" in str(one.title).lower() for one in found.matches)
    assert not found.is_item
    assert people_reads(two_runs).items("default", "i1").is_item
    assert people_reads(two_runs).items("default", "(").matches == []


def test_without_its_folder_a_run_is_still_shown(two_runs):
    artifacts = two_runs.config.artifacts.model_copy(update={"path": "elsewhere"})
    away = two_runs.varied(two_runs.config.model_copy(update={"artifacts": artifacts}))
    facts = people_reads(away).items("default", "Film")
    assert (facts.can_search, facts.is_item, len(facts.most_listed)) == (False, True, 30)
    assert people_reads(away).item("default", "i0").item.title is None


def test_events_over_time_are_those_of_histories(two_runs):
    last = {}
    for user, item, moment, _ in sorted(events(), key=lambda row: row[2]):
        last.setdefault(user, []).append((item, moment))
    counted = sum(item == "i0" for rows in last.values() for item, _ in rows[-4:])
    facts = people_reads(two_runs).item("default", "i0")
    assert sum(count for _, count in facts.days) == counted > 0


def test_an_item_that_no_run_knows_is_said_to_be_unknown(two_runs):
    facts = people_reads(two_runs).item("default", "nothing")
    assert (facts.is_known, facts.live.lists, facts.neighbours) == (False, 0, [])
    assert people_reads(two_runs).item("elsewhere", "i0") is None


def test_blocks_of_everyone_are_shown_and_those_of_single_users_are_not(own_runs):
    rows = [{"user_id": None, "reason": "recalled"}, {"user_id": "u1", "reason": "asked"}]
    with writing(own_runs.engine) as connection:
        for row in rows:
            values = {"placement": "default", "item_id": "i0", **row}
            connection.execute(insert(blocked_item).values(values))
    facts = people_reads(own_runs).item("default", "i0")
    assert [one.reason for one in facts.blocks] == ["recalled"]
