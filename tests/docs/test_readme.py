"""What the README tells people to type works, and is what continuous integration runs."""

import re

import pytest
from sqlalchemy import text

from flows.cli.screens.verdict import HEADINGS, OPTIMISTIC
from storage import StorageSettings, connect
from storage.slots.publish import publish
from tests.docs.blocks import contents
from tests.docs.pages import read
from tests.storage.making import make_run, note_alert

README = read("README.md")


@pytest.fixture
def shop(tmp_path):
    """An SQLite database in which run `b` is live after `a`, with a list for user 42."""
    engine = connect(StorageSettings(url=f"sqlite:///{tmp_path}/fusion.db"), migrate=True)
    for run_id in ("a", "b"):
        run_no = make_run(engine, run_id, ["42", "43"])
        publish(engine, "default", run_no, by="test", reason="test")
        note_alert(engine, run_no, "lists", "churn", value=0.7, threshold=0.6, message="much")
    yield engine
    engine.dispose()


def run_sql(engine, statement, **values):
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return result.all() if result.returns_rows else result.rowcount


def test_sql_to_paste(shop):
    lists, live, block = contents("README.md", "sql")
    assert [row.item_id for row in run_sql(shop, lists)] == ["b-1", "b-2", "b-3", "b-4"]
    assert [row.run_id for row in run_sql(shop, live)] == ["b"]
    assert run_sql(shop, block.replace("318", "b-1")) == 1
    assert [row.item_id for row in run_sql(shop, lists)] == ["b-2", "b-3", "b-4", "b-5"]


def test_two_commands_and_ci_agree():
    makefile, ci = read("Makefile"), read(".ci/run")
    first = [line for line in contents("README.md", "sh")[0].splitlines() if line]
    assert first == ["make demo", "make test"]
    for command in first:
        assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE), command
    run = [line for line in ci.splitlines() if line.startswith("make ")]
    assert "make test" in run
    for command in run:
        assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE), command
        assert f"`{command}`" in read("CONTRIBUTING.md")


def test_the_place_of_the_capture_is_marked():
    assert re.search(r"<!-- capture:demo -->\n(```.*?```\n)?<!-- /capture -->", README, re.DOTALL)


def test_the_capture_has_the_headings_of_today():
    captured = contents("README.md", "text")[0]
    words = {word.rstrip(">") for heading in HEADINGS for word in heading.split()}
    assert words <= set(captured.split())
    assert OPTIMISTIC["last"] in captured


def test_the_demo_says_where_its_data_comes_from():
    assert "GroupLens" in README
    assert "10.1145/2827872" in README


def test_alerts_can_be_asked_for(shop):
    (alerts,) = (
        content for content in contents("docs/operations.md", "sql") if "FROM alert" in content
    )
    assert [row.run_id for row in run_sql(shop, alerts)] == [
        "b"
    ]  # one row a cause, of the run that showed it last
