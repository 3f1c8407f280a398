"""`fusion judge`: stored lists by a file, from SQL and the folder, and what cannot be judged."""

import csv
import shutil
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from flows.session import Session
from storage.database.engine import writing
from storage.runs.partitions import remove_lists
from storage.schema.tables import blocked_item, run
from tests.docs.pages import read
from tests.flows.calling import call
from tests.flows.steps.realised.planted import ms, promise
from tests.flows.world import database, query
from tests.fusion.evaluation.realised.slow_judge import labels_of, mean_ndcg
from tests.fusion.evaluation.realised.worlds import World


def first_run(folder) -> str:
    """The older of the two runs, which does not know the last events of the shop."""
    return call(folder, "runs", "--json").json[-1]["run_id"]


def judge(folder, *words: str, on: str = "ratings.csv"):
    """Judge the first run by a file."""
    return call(folder, "judge", first_run(folder), "--on", str(folder / on), *words)


def plain_world(folder, blocks=()) -> World:
    """Lists and events of the shop as plain tuples."""
    url = database(folder)
    lists: dict[str, list[str]] = {}
    listed = "select user_id, item_id from recommendation where run_no = 1 order by user_id, rank"
    for user, item in query(url, listed):
        lists.setdefault(user, []).append(item)
    served = query(url, "select user_id, route, segment from served_user where run_no = 1")
    fallback: dict[str, list[str]] = {}
    stored = "select segment, item_id from fallback where run_no = 1 order by segment, rank"
    for segment, item in query(url, stored):
        fallback.setdefault(segment, []).append(item)
    with (folder / "ratings.csv").open() as file:
        read = list(csv.DictReader(file))
    rows = [(row["userId"], row["movieId"], int(row["timestamp"]) * 1000) for row in read]
    as_of = query(url, "select as_of from run where run_no = 1")[0][0]
    start = datetime.fromisoformat(f"{as_of}+00:00")
    return World(
        lists=lists,
        segment_of={user: segment for user, _, segment in served},
        route_of={user: route for user, route, _ in served},
        fallback=fallback,
        events=[(user, item, time, True) for user, item, time in rows],
        blocks=list(blocks),
        size=5,
        start=round(start.timestamp() * 1000),
        end=max(time for *_, time in rows) + 1,
    )


def figure(answer, segment="all", name="ndcg", k=10):
    """One figure of an answer."""
    wanted = (segment, name, k)
    return next(
        one for one in answer["figures"] if (one["segment"], one["name"], one["k"]) == wanted
    )


def test_plain_loops_say_the_same(shop):
    answer = judge(shop, "--json").json
    world = plain_world(shop)
    labels = labels_of(world.events, world.start, world.end)
    users = {user for user, _ in labels}
    assert (answer["users"], answer["labels"]) == (len(users), len(labels))
    assert answer["rows"] - answer["rows_before"] == sum(
        time >= world.start for _, _, time, _ in world.events
    )
    known = {user for user, _, time, _ in world.events if time < world.start}
    for k in (10, 20):
        ndcg = figure(answer, k=k)
        assert ndcg["value"] == pytest.approx(mean_ndcg(world, users & known, k), abs=1e-6)
        instead = mean_ndcg(world, users & known, k, is_fallback=True)
        assert ndcg["fallback"]["value"] == pytest.approx(instead, abs=1e-6)
        assert ndcg["over_fallback"]["value"] == pytest.approx(ndcg["value"] - instead, abs=1e-6)
    assert figure(answer, name="any_hit", k=5)["value"] == figure(answer, name="hit")["value"]


def test_the_screen_shows_each_part_of_the_users(shop):
    screen = judge(shop)
    assert screen.code == 0
    assert f"Run {first_run(shop)} by " in screen.out
    for word in ("NDCG@10", "over fallback", "warm", "everyone", "club=blue"):
        assert word in screen.out


def test_a_file_of_new_rows_alone_gives_the_same(shop, own_shop):
    """The history is that of the configured interactions."""
    rows = (own_shop / "ratings.csv").read_text().splitlines(keepends=True)
    start = plain_world(shop).start // 1000
    newer = [row for row in rows[1:] if int(row.split(",")[2]) >= start]
    (own_shop / "late.csv").write_text(rows[0] + "".join(newer))
    answer = judge(own_shop, "--json", on="late.csv").json
    assert (answer["rows"], answer["rows_before"]) == (len(newer), 0)
    assert answer["figures"] == judge(shop, "--json").json["figures"]


def test_blocks_count_as_they_acted(own_shop):
    world = plain_world(own_shop)
    middle = (world.start + world.end) // 2000
    most_listed = max(
        {item for items in world.lists.values() for item in items},
        key=lambda item: sum(item in items[:5] for items in world.lists.values()),
    )
    session = Session.open(own_shop / "fusion.toml")
    row = {"placement": "default", "item_id": most_listed}
    with writing(session.engine) as connection:
        starts = datetime.fromtimestamp(middle, UTC)
        connection.execute(insert(blocked_item).values(**row, starts_at=starts))
    session.engine.dispose()
    blocked = plain_world(own_shop, [(most_listed, None, middle * 1000, None)])
    users = {user for user, _, time, _ in world.events if time < world.start}
    value = figure(judge(own_shop, "--json").json)["value"]
    assert value == pytest.approx(mean_ndcg(blocked, users, 10), abs=1e-6)
    assert value != pytest.approx(mean_ndcg(world, users, 10), abs=1e-4)


def test_the_folder_says_the_same_where_rows_are_gone(own_runs):
    folder = own_runs.base
    before = judge(folder, "--json").json
    remove_lists(own_runs.engine, 1)
    with writing(own_runs.engine) as connection:
        connection.execute(update(run).where(run.c.run_no == 1).values(status="deleted"))
    after = judge(folder, "--json")
    assert after.code == 0
    assert after.json["figures"] == before["figures"]
    # Without the folder nothing is left to judge; another run is.
    run_id = first_run(folder)
    shutil.rmtree(own_runs.runs / run_id)
    gone = judge(folder)
    assert gone.code == 2
    assert f"run {run_id} is deleted, and its lists are neither in SQL nor in" in gone.message
    assert "`fusion runs` shows which runs are ready" in gone.message
    newest = call(folder, "runs", "--json").json[0]
    assert newest["status"] == "ready"


def test_rows_that_the_run_knew_judge_nothing_and_newer_ones_do(planted_shop, monkeypatch):
    shop = planted_shop
    shop.live_on(28, 34, taste=0.5)
    shop.publish(28, promise(0.5, 0.4, 0.6))
    shop.arrive(27)
    folder = shop.session.base
    shutil.copy(folder / "events.csv", folder / "known.csv")
    known = call(folder, "judge", "live", "--on", str(folder / "known.csv"))
    assert known.code == 2
    assert "rows before it judge nothing. Give rows that are newer" in known.message
    shop.arrive(30)
    shutil.copy(folder / "events.csv", folder / "newer.csv")
    # The line of the pages, word by word, where the file stands.
    line = "fusion judge live --on newer.csv"
    assert all(f"\n{line}\n" in read(page) for page in ("docs/cli.md", "docs/watching.md"))
    monkeypatch.chdir(folder)
    newer = call(folder, *line.split()[1:], "--json")
    assert newer.code == 0
    assert newer.json["users"] > 10


def test_a_run_without_times_cannot_be_judged_and_one_with_times_can(planted_shop):
    shop = planted_shop
    shop.live_on(28, 34, taste=0.5)
    run_id = shop.publish(28)
    shop.arrive(30)
    folder = shop.session.base
    file = str(folder / "events.csv")
    with writing(shop.session.engine) as connection:
        connection.execute(update(run).values(as_of=None))
    ended = call(folder, "judge", run_id, "--on", file)
    assert ended.code == 2
    assert "name [data.columns] time and train anew" in ended.message
    other = shop.publish(29)
    assert call(folder, "judge", other, "--on", file).code == 0


def test_a_file_without_a_label_is_said(planted_shop):
    shop = planted_shop
    shop.publish(28)
    shop.events.append(("u01", "i01", ms(29), 1))
    shop.arrive(30)
    folder = shop.session.base
    ended = call(folder, "judge", "live", "--on", str(folder / "events.csv"))
    assert ended.code == 0
    assert "No row is a label" in ended.out


def test_a_missing_file_is_a_sentence(shop):
    ended = judge(shop, on="nothing.csv")
    assert ended.code == 2
    assert "nothing.csv" in ended.message
