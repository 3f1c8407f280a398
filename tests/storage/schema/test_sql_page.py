"""The statement of docs/sql.md that serves everyone does; every name of the schema is there."""

import re
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from storage.loading.bulk import load_fallback, load_lists, load_served
from storage.reading.recommendations import recommendations_for
from storage.schema.metadata import metadata
from storage.schema.views import view_metadata
from storage.slots.publish import publish
from tests.docs.blocks import contents
from tests.storage.making import begin, end, lists

PAGE = (Path(__file__).parents[3] / "docs" / "sql.md").read_text()
SERVE = contents("docs/sql.md", "sql")[0]


@pytest.fixture
def shown(engine):
    """`listed` has a list, `cold` and `lost` have none; `young` has a fallback, `odd` has none."""
    run_no = begin(engine, "a")
    load_lists(engine, run_no, [lists("a", ["listed"])])
    served = {"user_id": ["listed", "cold", "lost"], "route": ["warm", "cold", "cold"]}
    load_served(engine, run_no, pl.DataFrame(served | {"segment": ["young", "young", "odd"]}))
    fallback = [
        lists(segment, [segment]).rename({"user_id": "segment"}) for segment in ("all", "young")
    ]
    load_fallback(engine, run_no, pl.concat(fallback))
    end(engine, run_no)
    publish(engine, "default", run_no, by="test", reason="test")
    return engine


@pytest.mark.parametrize(
    ("user_id", "segment", "served_by", "first"),
    [
        ("listed", None, "list", "a-1"),
        ("cold", None, "segment", "young-1"),
        ("lost", None, "all", "all-1"),
        ("unknown", None, "all", "all-1"),
        ("unknown", "young", "segment", "young-1"),
        ("unknown", "odd", "all", "all-1"),
        ("unknown", "all", "all", "all-1"),
    ],
)
def test_one_statement_serves_everyone(shown, user_id, segment, served_by, first):
    values = {"placement": "default", "user_id": user_id, "segment": segment}
    with shown.connect() as connection:
        rows = connection.execute(text(SERVE), values).all()
    assert [row.rank for row in rows] == [1, 2, 3, 4]
    assert {row.served_by for row in rows} == {served_by}
    assert rows[0].item_id == first
    assert {row.run_id for row in rows} == {"a"}
    same = recommendations_for(shown, "default", user_id, segment)
    assert same.served_by == served_by
    assert same.rows["item_id"].to_list() == [row.item_id for row in rows]


@pytest.mark.parametrize(
    "table", [*metadata.sorted_tables, *view_metadata.sorted_tables], ids=lambda table: table.name
)
def test_every_name_is_explained(table):
    section = PAGE.split(f"### `{table.name}`\n")[1].split("\n#")[0]
    missing = [column.name for column in table.c if f"`{column.name}`" not in section]
    assert missing == []
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert listed in ([], [column.name for column in table.c])
