"""Each recipe of the page SQL is run on both databases, and gives what the pages show."""

import pytest
from sqlalchemy import insert

from dashboards.pages.reference.recipes import RECIPES, filled
from flows.steps.site.about import about_facts
from flows.steps.site.people import people_reads
from storage.connect import connect
from storage.database.engine import writing
from storage.schema.tables import blocked_item

VALUES = {"placement": "default", "user_id": "u1", "item_id": "i0"}


def rows_of(session, question: str, **values: str):
    (recipe,) = (one for one in RECIPES if one.question.startswith(question))
    with session.engine.connect() as connection:
        return connection.exec_driver_sql(filled(recipe.sql, VALUES | values)).mappings().all()


@pytest.mark.parametrize("two_runs", ["sqlite", "postgres"], indirect=True)
def test_every_recipe_runs_where_nothing_can_be_written(two_runs):
    engine = connect(two_runs.storage, read_only=True)
    empty = []
    for recipe in RECIPES:
        assert recipe.sql.startswith("SELECT ")
        with engine.connect() as connection:
            if not connection.exec_driver_sql(filled(recipe.sql, VALUES)).all():
                empty.append(recipe.page)
    engine.dispose()
    # A shop without blocks, watches, alerts of its own; decisions are of `fusion retrain`.
    assert set(empty) <= {"Users", "Alerts", "History", "Watches", "Runs"}
    assert empty.count("Users") == 1
    assert empty.count("Runs") <= 1


def test_lists_and_reasons_are_those_of_the_page(two_runs):
    facts = people_reads(two_runs).user("default", "u1")
    shown = [(one.rank, one.item.item_id) for one in facts.listed]
    rows = rows_of(two_runs, "A user's list")
    assert [(row["rank"], row["item_id"]) for row in rows] == shown
    reasons = [one for row in facts.listed for one in (*row.reasons, *row.also)]
    assert len(rows_of(two_runs, "Why these items")) == len(reasons)
    (served,) = rows_of(two_runs, "How the live run serves")
    assert (served["route"], served["segment"]) == (facts.route, facts.segment)
    before = {row["run_id"] for row in rows_of(two_runs, "The same user in every run")}
    assert before == {one.run_id for one in facts.runs}


def test_reach_is_that_of_the_page(two_runs):
    facts = people_reads(two_runs).item("default", "i0")
    rows = rows_of(two_runs, "Reach and ranks")
    assert [(row["run_id"], row["lists"]) for row in rows] == [
        (one.run_id, one.lists) for one in facts.reach
    ]
    assert len(rows_of(two_runs, "Who is shown an item")) == facts.live.lists


def test_a_value_that_would_end_its_text_finds_nobody(two_runs):
    assert rows_of(two_runs, "A user's list", user_id="x' OR '1'='1") == []


def test_blocks_of_a_user_are_found(own_runs):
    with writing(own_runs.engine) as connection:
        for user in ("u1", "u2", None):
            values = {"placement": "default", "item_id": f"i of {user}", "user_id": user}
            connection.execute(insert(blocked_item).values(values))
    rows = rows_of(own_runs, "Blocks that concern")
    assert [row["item_id"] for row in rows] == ["i of None", "i of u1"]


@pytest.mark.parametrize("two_runs", ["sqlite"], indirect=True)
def test_limits_are_those_of_the_configuration(two_runs):
    facts = about_facts(two_runs)
    limits = {one.key: one.value for one in facts.limits}
    assert (facts.database, limits["[gate] users"], limits["[gate] max_loss"]) == (
        "SQLite",
        "20",
        "0.05",
    )
    assert len(limits) == len(facts.limits)
    assert all(one.meaning for one in facts.limits)
