"""What the views of lists say and how they are read, whatever the statement around them.

What they say is held to a window over each list; how they are read, to the plans of statements
that do not name a user.
"""

import re

import numpy as np
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import ProgrammingError

from storage import StorageSettings, connect
from storage.database.engine import writing
from storage.schema.tables import blocked_item
from storage.slots.publish import publish, rollback
from tests.storage.making import make_run

USERS = [f"u{number}" for number in range(300)]
JOIN = (
    "SELECT mine.user_id, c.item_id, c.rank FROM mine "
    "JOIN current_recommendations c ON c.user_id = mine.user_id WHERE c.placement = 'default'"
)
OF_ITEM = (
    "SELECT user_id FROM current_recommendations WHERE placement = 'default' AND item_id = 'c-2'"
)
COUNT = "SELECT count(*) FROM current_recommendations WHERE placement = 'default'"
WHOLE = {"join": JOIN, "users of an item": OF_ITEM, "count": COUNT}
# The definition: what is left of a list when hidden rows are gone, numbered anew and cut.
WINDOW = """
SELECT user_id, item_id, place, run_id, slot FROM (
    SELECT r.user_id, r.item_id, run.run_id, s.name AS slot, run.list_size,
        row_number() OVER (PARTITION BY s.placement, s.name, r.user_id ORDER BY r.rank) AS place
    FROM slot s
    JOIN run ON run.run_no = s.run_no
    JOIN recommendation r ON r.run_no = s.run_no
    WHERE NOT EXISTS (
        SELECT 1 FROM blocked_item b
        WHERE b.placement = s.placement AND b.item_id = r.item_id
            AND (b.user_id IS NULL OR b.user_id = r.user_id))
) listed
WHERE place <= list_size
"""
SHOWN = "SELECT user_id, item_id, rank, run_id, slot FROM slot_recommendations"


def sorted_rows(engine, statement):
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(text(statement)))


def show(engine, *names, users=USERS):
    for name in names:
        publish(engine, "default", make_run(engine, name, users), by="test", reason="test")


@pytest.mark.parametrize("seed", range(3))
def test_the_view_says_what_a_window_would(engine, seed):
    show(engine, "a", "b", users=USERS[:20])
    waiting = make_run(engine, "c", USERS[5:25])
    publish(engine, "default", waiting, by="test", reason="test", slot="challenger")
    show_mail = make_run(engine, "m", USERS[:5], placement="mail")
    publish(engine, "mail", show_mail, by="test", reason="test")
    assert sorted_rows(engine, SHOWN) == sorted_rows(engine, WINDOW)
    chance = np.random.default_rng(seed)
    blocks = []
    for _ in range(40):
        run, rank = chance.choice(["b", "c", "m"]), chance.integers(1, 8)
        reader = chance.choice([None, *USERS[:25]])
        place = chance.choice(["default", "mail"])
        blocks.append({"placement": str(place), "item_id": f"{run}-{rank}", "user_id": reader})
    with writing(engine) as connection:
        connection.execute(insert(blocked_item), blocks)
    assert sorted_rows(engine, SHOWN) == sorted_rows(engine, WINDOW)
    rollback(engine, "default", by="test", reason="test")
    assert sorted_rows(engine, SHOWN) == sorted_rows(engine, WINDOW)


@pytest.mark.parametrize("statement", WHOLE.values(), ids=WHOLE.keys())
def test_one_run_is_read_whatever_is_asked(engine, statement):
    """Of three runs that are kept, the plan touches the live one alone."""
    show(engine, "a", "b", "c")
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE mine (user_id text)"))
        connection.execute(text("INSERT INTO mine VALUES ('u7'), ('u8'), ('nobody')"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("ANALYZE mine"))
    is_sqlite = engine.dialect.name == "sqlite"
    how = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN (ANALYZE, TIMING off)"
    with engine.connect() as connection:
        assert len(connection.execute(text(statement)).all()) in (8, 300, 1)
        plan = [str(row[-1]) for row in connection.execute(text(f"{how} {statement}"))]
    if is_sqlite:
        key = "(run_no=? AND user_id=?)" if statement is JOIN else "(run_no=?)"
        assert f"SEARCH r USING PRIMARY KEY {key}" in plan
        return
    partitions = [line for line in plan if " on recommendation_r" in line]
    read = {
        re.search(r"recommendation_(r\d+)", line)[1]
        for line in partitions
        if "never executed" not in line
    }
    assert read == {"r3"}


@pytest.mark.postgres
def test_a_partition_brings_its_index_by_item(postgres_url):
    """One that the attaching would make is made while the parent is locked, or comes twice."""
    engine = connect(StorageSettings(url=postgres_url), migrate=True)
    make_run(engine, "a")
    statement = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'recommendation_r1'"
    with engine.connect() as connection:
        indexes = {name: made for name, made in connection.execute(text(statement))}
    assert set(indexes) == {"pk_recommendation_r1", "ix_recommendation_r1_item"}
    assert "(run_no, item_id)" in indexes["ix_recommendation_r1_item"]
    engine.dispose()


def test_an_id_is_compared_as_the_page_says(engine):
    """In quotes, or cast; without them PostgreSQL has no such comparison."""
    show(engine, "a", users=["42", "7"])
    read = "SELECT count(*) FROM current_recommendations WHERE user_id = {}"
    with engine.connect() as connection:
        for written in ("'42'", "CAST(42 AS text)"):
            assert connection.scalar(text(read.format(written))) == 4
    if engine.dialect.name == "postgresql":
        with (
            engine.connect() as connection,
            pytest.raises(ProgrammingError, match="operator does not exist: text = integer"),
        ):
            connection.scalar(text(read.format("42")))
