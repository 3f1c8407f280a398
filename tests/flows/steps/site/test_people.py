"""What the pages of users read, from a trained shop in each database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from flows.session import Session
from flows.steps.show.user_lists import reasons_of, user_list
from flows.steps.site.people import people_reads
from fusion.ingest.people.pseudonyms import KEY, Pseudonyms
from storage.database.engine import writing
from storage.schema.tables import blocked_item
from tests.flows.world import STRANGER


def test_a_user_is_shown_as_fusion_show_does(two_runs):
    facts = people_reads(two_runs).user("default", "u1")
    rows = user_list(two_runs, "u1")
    assert (facts.route, facts.served_by) == ("warm", "list")
    assert [one.item.item_id for one in facts.listed] == rows["item_id"].to_list()
    assert [one.item.title for one in facts.listed] == rows["title"].to_list()
    reasons, _ = reasons_of(two_runs, "u1", rows)
    for listed in facts.listed:
        of_item = reasons.filter(reasons["item_id"] == listed.item.item_id)
        shown = [one.text for one in (*listed.reasons, *listed.also)]
        assert sorted(shown) == sorted(of_item["reason"])
        gains = [one.gain for one in listed.reasons if one.gain is not None]
        assert gains == sorted(gains, reverse=True)


def test_their_list_stands_beside_that_of_the_run_before(two_runs):
    facts = people_reads(two_runs).user("default", "u1")
    assert [one.is_live for one in facts.runs] == [True, False]
    live = [one for one in facts.compared if one.ranks[0] is not None]
    assert [one.ranks[0] for one in live] == [1, 2, 3, 4, 5]
    assert [one.item for one in live] == [one.item for one in facts.listed]
    kept = sum(None not in one.ranks for one in facts.compared)
    assert facts.n_kept == kept
    assert sum(one.ranks[1] is not None for one in facts.compared) == 5


def test_who_has_no_list_is_served_by_their_segment_and_who_is_unknown_by_all(two_runs):
    read = people_reads(two_runs).user
    known, unknown = read("default", STRANGER), read("default", "nobody")
    assert (known.served_by, known.fallback_segment) == ("segment", "club=red")
    assert (known.is_known, known.listed) == (True, [])
    assert (unknown.served_by, unknown.is_known) == ("all", False)
    assert [one.item_id for one in unknown.fallback] == user_list(two_runs, "nobody")[
        "item_id"
    ].to_list()
    assert unknown.fallback[0].title.startswith("Film")


def test_examples_are_of_their_route(two_runs):
    facts = people_reads(two_runs).users("default")
    assert len(facts.routes["warm"]) == 8
    assert STRANGER in facts.routes["cold"]
    assert {"all", "club=red"} <= set(facts.segments)


def test_where_nothing_is_live_nothing_is_known(two_runs, bare):
    assert people_reads(two_runs).user("elsewhere", "u1") is None
    session = Session.open(bare / "fusion.toml", read_only=True)
    assert people_reads(session).user("default", "u1") is None
    assert people_reads(session).users("default") is None


def test_a_block_hides_an_item_and_is_named_on_the_page(own_runs):
    before = people_reads(own_runs).user("default", "u1")
    hidden = before.listed[0].item
    row = {"placement": "default", "item_id": hidden.item_id, "reason": "recalled", "by": "ann"}
    with writing(own_runs.engine) as connection:
        connection.execute(
            insert(blocked_item).values(starts_at=datetime(2026, 1, 1, tzinfo=UTC), **row)
        )
    facts = people_reads(own_runs).user("default", "u1")
    assert hidden not in [one.item for one in facts.listed]
    (block,) = facts.blocks
    assert (block.item, block.is_active, block.is_personal) == (hidden, True, False)
    assert (block.reason, block.by) == ("recalled", "ann")
    # as it was made, it stands at the top still
    assert facts.compared[0].item == hidden


@pytest.mark.parametrize("two_runs", ["sqlite"], indirect=True)
def test_with_pseudonyms_the_plain_id_and_the_one_in_sql_are_the_same_user(two_runs, monkeypatch):
    monkeypatch.setenv(KEY, "k" * 40)
    data = two_runs.config.data.model_copy(update={"pseudonyms": True})
    session = two_runs.varied(two_runs.config.model_copy(update={"data": data}))
    read = people_reads(session).user
    assert read("default", "u1").stored == "u1"  # as SQL has it
    hidden = Pseudonyms.from_environment().of("somebody")
    assert (read("default", "somebody").stored, hidden != "somebody") == (hidden, True)
    assert people_reads(session).users("default").has_pseudonyms
