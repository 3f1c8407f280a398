"""What is blocked as lists are made is what the views hide."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from storage.reading.blocked_items import blocked_now, hidden_share, idle_blocks, placements
from storage.schema.tables import blocked_item
from tests.storage.making import make_run

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("columns", "active"),
    [
        ({}, True),
        ({"user_id": "u1"}, True),
        ({"starts_at": NOW + HOUR}, False),
        ({"until": NOW - HOUR}, False),
        ({"starts_at": NOW - HOUR, "until": NOW + HOUR}, True),
        ({"placement": "mail"}, False),
    ],
)
def test_what_is_active_now(engine, columns, active):
    row = {"placement": "default", "item_id": "i1", **columns}
    with engine.begin() as connection:
        connection.execute(insert(blocked_item).values(row))
        connection.execute(insert(blocked_item).values(row))
    assert blocked_now(engine, "default").rows() == (
        [("i1", columns.get("user_id"))] if active else []
    )


def test_times_written_by_hand(engine):
    cast = "CAST(:at AS timestamptz)" if engine.dialect.name == "postgresql" else ":at"
    with engine.begin() as connection:
        for item, column, at in (
            ("a", "until", "2026-01-01"),
            ("b", "starts_at", "2026-01-01"),
            ("c", "until", "2999-01-01T08:00:00+08:00"),
        ):
            statement = (
                f"INSERT INTO blocked_item (placement, item_id, {column}) "
                f"VALUES ('default', :item, {cast})"
            )
            connection.execute(text(statement), {"item": item, "at": at})
    assert blocked_now(engine, "default")["item_id"].to_list() == ["b", "c"]


def test_rows_that_can_never_act_are_told_from_those_that_may(engine):
    make_run(engine, "a", placement="mail")
    rows = {
        "acts": {"until": NOW + HOUR},
        "will act": {"starts_at": NOW + HOUR},
        "of another": {"placement": "mail", "until": NOW - HOUR},
        "ended": {"until": NOW - HOUR},
        "swapped": {"starts_at": NOW + 2 * HOUR, "until": NOW + HOUR},
        "nowhere": {"placement": "defualt"},
    }
    with engine.begin() as connection:
        for item, columns in rows.items():
            row = {"placement": "default", "item_id": item, **columns}
            connection.execute(insert(blocked_item).values(row))
    assert idle_blocks(engine, "default").select("item_id", "why").rows() == [
        ("ended", "ended"),
        ("swapped", "backwards"),
        ("nowhere", "placement"),
    ]
    assert placements(engine) == ["mail"]


def test_nothing_is_blocked_in_an_empty_table(engine):
    assert blocked_now(engine, "default").is_empty()


@pytest.mark.parametrize(
    ("columns", "hidden"),
    [
        ({}, 2 / 8),
        ({"user_id": "u1"}, 1 / 8),
        ({"user_id": "nobody"}, 0),
        ({"item_id": "a-5"}, 0),  # of the reserve, below the shown places
        ({"until": NOW - HOUR}, 0),
        ({"placement": "mail"}, 0),
    ],
)
def test_the_share_of_rows_that_the_views_hide(engine, columns, hidden):
    run_no = make_run(engine, "a", users=["u1", "u2"])
    row = {"placement": "default", "item_id": "a-1", **columns}
    assert hidden_share(engine, "default", run_no, 4) == 0
    with engine.begin() as connection:
        connection.execute(insert(blocked_item).values(row))
    assert hidden_share(engine, "default", run_no, 4) == hidden


def test_a_run_without_rows_has_no_share_that_is_hidden(engine):
    with engine.begin() as connection:
        connection.execute(insert(blocked_item).values(placement="default", item_id="a-1"))
    assert hidden_share(engine, "default", 1, 4) is None
