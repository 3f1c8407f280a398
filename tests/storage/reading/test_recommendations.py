"""Lists of users, of segments and of all, with the items that are blocked gone.

`tests/storage/schema/test_sql_page.py` holds the same rule to the statement of docs/sql.md.
"""

import pytest
from sqlalchemy import insert

from storage.reading.recommendations import FALLBACK_COLUMNS, LIST_COLUMNS, recommendations_for
from storage.schema.tables import blocked_item
from storage.slots.publish import publish
from tests.storage.making import make_run


def block(engine, user_id, *items):
    rows = [{"placement": "default", "item_id": item, "user_id": user_id} for item in items]
    with engine.begin() as connection:
        connection.execute(insert(blocked_item), rows)


def test_nothing_is_shown_before_the_first_publish(engine):
    make_run(engine, "a")
    shown = recommendations_for(engine, "default", "u1", segment="old")
    assert (shown.served_by, shown.segment) == (None, None)
    assert shown.rows.is_empty()
    assert shown.rows.schema == FALLBACK_COLUMNS


def test_a_list_whose_items_are_all_blocked_gives_way_to_the_fallback(engine):
    publish(engine, "default", make_run(engine, "a", ["u1"]), by="test", reason="test")
    own = recommendations_for(engine, "default", "u1")
    assert (own.served_by, own.segment) == ("list", None)
    assert own.rows.schema == LIST_COLUMNS
    every_item = [f"a-{rank}" for rank in range(1, 8)]
    block(engine, "u1", *every_item)
    shown = recommendations_for(engine, "default", "u1")
    assert (shown.served_by, shown.segment) == ("all", "all")
    assert shown.rows.schema == FALLBACK_COLUMNS
    block(engine, None, *every_item)
    assert recommendations_for(engine, "default", "u1").served_by is None


@pytest.mark.parametrize("placement", ["default", "mail"])
def test_placements_are_apart(engine, placement):
    run_no = make_run(engine, f"of {placement}", ["u1"], placement)
    publish(engine, placement, run_no, by="test", reason="test")
    (run_id,) = set(recommendations_for(engine, placement, "u1").rows["run_id"])
    assert run_id == f"of {placement}"
    other = "mail" if placement == "default" else "default"
    assert recommendations_for(engine, other, "u1").served_by is None
