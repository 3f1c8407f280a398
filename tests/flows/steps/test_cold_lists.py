"""Users without a history in a whole run: lists in SQL, what `show` says, and forgetting them."""

import polars as pl
import pytest
from sqlalchemy import create_engine, text

from flows.session import Session
from flows.steps.publish.publish_checks import publish_checks
from storage.database.engine import writing
from storage.reading.list_checks import count_lists, row_counts
from storage.runs.runs import runs
from tests.flows.calling import call_main
from tests.flows.world import database, query
from tests.fusion.lists.cold_users.world import cold_world

CONFIG = """\
threads = 1
[data]
interactions = "ratings.csv"
users = "users.csv"
[data.columns]
user = "user"
item = "item"
time = "time"
[data.user_features]
category = ["region", "job"]
number = ["age"]
[split]
kind = "time"
users = 40
folds = 2
[[sources]]
name = "popularity"
[[sources]]
name = "ease"
[tune]
trials = 0
[ranker]
seeds = 1
trees = 30
min_leaf = 5
[gate]
users = 20
[lists]
size = 5
reserve = 3
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cold")
    data = cold_world()
    events = pl.DataFrame(
        {
            "user": data.user_ids.texts(data.users),
            "item": data.item_ids.texts(data.items),
            "time": data.times // 1000,
        }
    )
    events.write_csv(folder / "ratings.csv")
    ids = data.user_ids.values.alias("user")
    data.user_table.insert_column(0, ids).write_csv(folder / "users.csv")
    (folder / "fusion.toml").write_text(CONFIG)
    ended = call_main(folder, "run")
    assert ended.code in (0, 4), ended.err
    return folder, ended.out


def cold_user(folder):
    """A user on route cold, and what SQL shows them."""
    engine = create_engine(f"sqlite:///{folder}/fusion.db")
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT user_id, count(*) AS n FROM current_recommendations "
                "WHERE route = 'cold' GROUP BY user_id ORDER BY user_id"
            )
        ).all()
    engine.dispose()
    return rows


def words(out):
    return " ".join(out.split())


def test_a_run_says_what_it_found_and_sql_has_their_lists(shop):
    folder, out = shop
    said = words(out)
    assert "Lists from attributes, by " in said
    assert "40 users without a history have a list from region, job, age." in said
    rows = cold_user(folder)
    assert len(rows) == 40
    assert {row.n for row in rows} == {5}
    gaps = "select low from metric where segment = 'hidden_users' and name = :name"
    [low, _] = query(database(folder), gaps, name="ndcg_attributes_gap")
    assert low[0] > 0


def test_show_says_from_which_attributes(shop):
    folder, _ = shop
    user = cold_user(folder)[0].user_id
    shown = words(call_main(folder, "show", user).out)
    assert "of such users, region, job, age." in shown
    assert "like it more than others" in shown
    why = call_main(folder, "show", user, "--why", "--json").json
    assert {row["route"] for row in why["list"]} == {"cold"}
    assert why["missing"].endswith("of such users, region, job, age.")
    assert why["reasons"]
    known = call_main(folder, "show", "u0").out
    assert "of such users" not in known


def test_lists_that_lost_rows_are_not_published_and_rows_are_compared_without_them(shop):
    folder, _ = shop
    session = Session.open(folder / "fusion.toml")
    run_no = 1
    rows, served = row_counts(session.engine, run_no)
    assert (rows, served) == (400 * 8, 400)
    user = cold_user(folder)[-1].user_id
    (run,) = runs(session.engine, session.placement)
    whole = count_lists(session.engine, run)
    assert (whole.served, whole.whole) == (440, 440)
    lost = "DELETE FROM recommendation WHERE user_id = :user AND rank > 4"
    with writing(session.engine) as connection:
        connection.execute(text(lost), {"user": user})
    failed = [check for check in publish_checks(session, run, None) if not check.holds]
    session.engine.dispose()
    assert [check.name for check in failed] == ["lists are whole"]
    assert "rows were lost" in failed[0].message


def test_forgetting_reaches_them(shop):
    folder, _ = shop
    user = cold_user(folder)[0].user_id
    held = call_main(folder, "person", user, "--json").json
    assert held["sql"]["recommendation"]
    ended = call_main(folder, "forget", user, FUSION_FORGET_KEY="0" * 64)
    assert ended.code == 0, ended.err
    assert user not in {row.user_id for row in cold_user(folder)}
    # The file of users is the shop's own; nothing of ours holds them any more.
    left = call_main(folder, "person", user, "--json").json
    assert not any(left["sql"].values())
    assert [one["path"] for one in left["files"] if "/runs/" in one["path"] and one["rows"]] == []
