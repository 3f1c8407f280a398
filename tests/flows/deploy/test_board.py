"""The board of Grafana asks what PostgreSQL can answer, as a role that sees no list and no user."""

import json
import re

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from flows.session import Session
from tests.flows.world import ROOT

BOARD = json.loads((ROOT / "deploy/grafana/board.json").read_text())
ROLE = (ROOT / "deploy/grafana/role.sql").read_text()
MAY_BE_EMPTY = {"Frozen until", "Alerts", "What the policy decided"}


def filled_in(statement: str) -> str:
    """A statement as Grafana sends it."""
    statement = statement.replace("${placement:sqlstring}", "'default'")
    return re.sub(
        r"\$__timeFilter\(([\w.]+)\)", r"\1 BETWEEN '2000-01-01' AND '2100-01-01'", statement
    )


@pytest.fixture(scope="module")
def reader(postgres_shop):
    """An engine of the board's role, on a database with two runs."""
    session = Session.open(postgres_shop)
    owner = session.engine
    with owner.begin() as connection:
        for statement in filter(str.strip, ROLE.split(";")):
            connection.execute(text(statement))
    url = make_url(session.storage.url).set(username="fusion_board", password="change me")
    engine = create_engine(url, poolclass=NullPool)
    yield engine
    engine.dispose()
    with owner.begin() as connection:
        connection.execute(text("DROP OWNED BY fusion_board"))
        connection.execute(text("DROP ROLE fusion_board"))
    owner.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("panel", BOARD["panels"], ids=lambda panel: panel["title"])
def test_every_panel_is_answered(reader, panel):
    [target] = panel["targets"]
    with reader.connect() as connection:
        rows = connection.execute(text(filled_in(target["rawSql"]))).mappings().all()
    assert rows or panel["title"] in MAY_BE_EMPTY
    if target["format"] == "time_series":
        assert all(row["time"] is not None for row in rows)


@pytest.mark.postgres
def test_the_variable_lists_placements_and_lists_are_out_of_reach(reader):
    [placements] = [one for one in BOARD["templating"]["list"] if one["name"] == "placement"]
    with reader.connect() as connection:
        assert connection.scalar(text(placements["query"])) == "default"
    for table in ("recommendation", "served_user", "current_recommendations", "forgotten"):
        with reader.connect() as connection, pytest.raises(Exception, match="permission denied"):
            connection.execute(text(f"SELECT * FROM {table}"))


def test_panels_do_not_overlap():
    places = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in places
                places.add((x, y))
        assert at["x"] + at["w"] <= 24
