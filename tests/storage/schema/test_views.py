from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, text

from storage.schema.tables import blocked_item
from storage.slots.publish import publish
from tests.storage.making import fallback_for, list_for, make_run

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def shown(engine):
    publish(engine, "default", make_run(engine, "a"), by="test", reason="test")
    return engine


def block(engine, item_id, **columns):
    with engine.begin() as connection:
        connection.execute(
            insert(blocked_item).values({"placement": "default", "item_id": item_id} | columns)
        )


def items(engine, user_id="u1"):
    rows = list_for(engine, "default", user_id)
    assert rows["rank"].to_list() == list(range(1, len(rows) + 1))
    assert rows["score"].is_sorted(descending=True)
    return [item.removeprefix("a-") for item in rows["item_id"]]


def test_ranks_close_up_from_the_reserve(shown):
    block(shown, "a-1")
    block(shown, "a-3")
    assert items(shown) == ["2", "4", "5", "6"]
    assert [row.removeprefix("a-") for row in fallback_for(shown, "default")["item_id"]] == [
        "2",
        "4",
        "5",
        "6",
    ]


def test_a_block_twice_counts_once(shown):
    block(shown, "a-2")
    block(shown, "a-2", user_id="u1")
    block(shown, "a-2")
    assert items(shown) == ["1", "3", "4", "5"]


def test_more_blocks_than_reserve_shorten_the_list(shown):
    for rank in range(1, 6):
        block(shown, f"a-{rank}")
    assert items(shown) == ["6", "7"]


def test_a_block_for_one_user(shown):
    block(shown, "a-2", user_id="u1")
    assert items(shown, "u1") == ["1", "3", "4", "5"]
    assert items(shown, "u2") == ["1", "2", "3", "4"]
    assert fallback_for(shown, "default")["item_id"].to_list() == ["a-1", "a-2", "a-3", "a-4"]


@pytest.mark.parametrize(
    ("window", "hidden"),
    [
        ({"starts_at": NOW - HOUR}, True),
        ({"starts_at": NOW + HOUR}, False),
        ({"until": NOW + HOUR}, True),
        ({"until": NOW - HOUR}, False),
        ({"starts_at": NOW - HOUR, "until": NOW + HOUR}, True),
        ({"starts_at": NOW - 2 * HOUR, "until": NOW - HOUR}, False),
    ],
)
def test_windows(shown, window, hidden):
    block(shown, "a-1", **window)
    block(shown, "a-2", user_id="u1", **window)
    assert items(shown) == (["3", "4", "5", "6"] if hidden else ["1", "2", "3", "4"])


def test_blocks_of_another_placement_do_nothing(shown):
    block(shown, "a-1", placement="mail")
    assert items(shown) == ["1", "2", "3", "4"]


def test_times_written_by_hand(shown):
    """People write times as they like; in zones, where the clock may show yesterday."""
    later = (NOW + HOUR).astimezone(timezone(-12 * HOUR)).isoformat(timespec="seconds")
    cast = "CAST({} AS timestamptz)" if shown.dialect.name == "postgresql" else "{}"
    values = ", ".join(cast.format(name) for name in (":starts_at", ":until"))
    statement = (
        "INSERT INTO blocked_item (placement, item_id, starts_at, until) "
        f"VALUES ('default', :item, {values})"
    )
    windows = {
        "a-1": ("2026-01-01", None),
        "a-2": (None, "2026-01-01"),
        "a-3": (None, later),
        "a-4": (later, None),
    }
    with shown.begin() as connection:
        for item, (starts_at, until) in windows.items():
            connection.execute(
                text(statement), {"item": item, "starts_at": starts_at, "until": until}
            )
    assert items(shown) == ["2", "4", "5", "6"]


def plan(engine, statement, **values):
    how = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        return "\n".join(str(row[-1]) for row in connection.execute(text(how + statement), values))


READ = (
    "SELECT * FROM current_recommendations "
    "WHERE placement = :placement AND user_id = :user ORDER BY rank"
)
SLOT = (
    "SELECT * FROM slot_recommendations "
    "WHERE placement = :placement AND slot = 'live' AND user_id = :user"
)


@pytest.mark.parametrize("statement", [READ, SLOT, READ.replace("placement = :placement AND", "")])
@pytest.mark.parametrize("blocks", [0, 10_000])
def test_a_point_read_uses_the_keys(engine, statement, blocks):
    for name in ("a", "b"):
        publish(
            engine,
            "default",
            make_run(engine, name, [f"u{n}" for n in range(1000)]),
            by="test",
            reason="test",
        )
    with engine.begin() as connection:
        if blocks:
            rows = [{"placement": "default", "item_id": f"b-{n}"} for n in range(3, blocks + 3)]
            connection.execute(insert(blocked_item), rows)
    values = {"placement": "default", "user": "u7"} if ":placement" in statement else {"user": "u7"}
    with engine.connect() as connection:
        assert len(connection.execute(text(statement), values).all()) == (2 if blocks else 4)
    found = plan(engine, statement, **values)
    if engine.dialect.name == "sqlite":
        assert "SEARCH r USING PRIMARY KEY (run_no=? AND user_id=?)" in found
        assert "SEARCH h USING PRIMARY KEY (run_no=? AND user_id=? AND rank<?)" in found
        for table in "rhbu":
            assert f"SCAN {table}\n" not in found
    else:
        assert "Index Cond: ((run_no = " in found
        assert "Seq Scan on recommendation" not in found
        assert "Seq Scan on served_user" not in found
        if blocks:
            assert "Seq Scan on blocked_item" not in found
