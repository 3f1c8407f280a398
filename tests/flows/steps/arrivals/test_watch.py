"""`fusion watch` and `fusion alerts` on files: what is kept, raised, acknowledged and resolved."""

import shutil
from datetime import timedelta

import polars as pl
import pytest

from benchmarks.watching.watched_shop import WEEKS, at, small_world, until, with_events
from tests.flows.calling import call
from tests.flows.world import database, query

CONFIG = """\
[data]
interactions = "events.csv"
items = "items.csv"
users = "users.csv"
positive = "rating >= 4"
[data.columns]
time = "time"
weight = "rating"
[data.item_features]
text = ["title"]
category = ["category"]
number = ["price"]
[data.user_features]
category = ["country"]
number = ["age"]
"""
KEY = "a key of thirty-two characters or more"


def write(folder, world) -> None:
    world.events.with_columns(pl.col("time") // 1000).write_csv(folder / "events.csv")
    world.users.drop("born").write_csv(folder / "users.csv")
    world.items.drop("day").write_csv(folder / "items.csv")


def watch(folder, weeks: float = WEEKS, **env: str):
    return call(folder, "watch", "--as-of", at(weeks).isoformat(), "--json", **env)


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A shop that has been watched once."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "fusion.toml").write_text(CONFIG)
    write(folder, until(small_world(), WEEKS))
    answer = watch(folder)
    return folder, answer.json, answer.code


@pytest.fixture
def shop(once, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(once[0], tmp_path / "shop")


@pytest.fixture(scope="module")
def later():
    """What the shop has written a week later."""
    return until(small_world(), WEEKS + 1)


def test_a_healthy_shop_ends_with_0_and_its_past_is_kept(once):
    folder, answer, code = once
    assert (code, answer["alerts"], answer["note"]) == (0, [], "")
    states = {one["state"] for one in answer["facts"]["window"]["figures"]}
    assert states == {"healthy"}
    url = database(folder)
    kept = query(url, "select unit, count(distinct start) from watch_figure group by 1 order by 1")
    assert kept == [("day", 27 * 7), ("window", WEEKS - 1)]


def test_the_same_twice_gives_the_same_facts_and_keeps_nothing_more(once, shop):
    before = query(database(shop), "select count(*) from watch_figure")
    again = watch(shop).json
    assert again["facts"]["window"] == once[1]["facts"]["window"]
    assert again["facts"]["day"] == once[1]["facts"]["day"]
    assert again["watch_no"] == 2
    assert query(database(shop), "select count(*) from watch_figure") == before


def test_a_fault_is_one_alert_however_often_it_is_seen_and_goes_when_it_is_mended(shop, later):
    broken = watch(shop, WEEKS + 1)
    assert broken.code == 4
    (alert,) = broken.json["alerts"]
    assert (alert["cause"], alert["kind"], alert["state"]) == ("stale", "fault", "open")
    assert "Did the export run" in alert["message"]
    assert [one["id"] for one in watch(shop, WEEKS + 1.1).json["alerts"]] == [alert["id"]]
    write(shop, later)
    mended = watch(shop, WEEKS + 1.05)
    assert (mended.code, mended.json["alerts"]) == (0, [])
    (row,) = call(shop, "alerts", "--all", "--json").json
    assert (row["state"], row["resolved_why"]) == (
        "resolved",
        f"watch {mended.json['watch_no']} finds the figures as usual",
    )


def test_an_acknowledged_alert_ends_with_0_until_its_time_is_over(shop):
    (alert,) = watch(shop, WEEKS + 1).json["alerts"]
    until_then = (at(WEEKS + 1) + timedelta(hours=1)).isoformat()
    words = ("alerts", "ack", str(alert["id"]), "--why", "they know", "--by", "ann", "--json")
    (acknowledged,) = call(shop, *words, "--until", until_then).json
    assert acknowledged["acknowledged_by"] == "ann"
    # The time of the acknowledgement is long over by now, though not as of the data.
    assert watch(shop, WEEKS + 1).code == 4
    assert call(shop, *words).code == 0
    assert watch(shop, WEEKS + 1).code == 0


def test_what_is_expected_is_health_from_then_on(shop, later):
    write(shop, type(later)(later.events, later.users, later.items.with_columns(title=pl.lit(""))))
    alerts = watch(shop, WEEKS + 1).json["alerts"]
    assert [one["cause"] for one in alerts] == ["blank"]
    for alert in alerts:
        call(shop, "alerts", "ack", str(alert["id"]), "--why", "no titles", "--expected", "--json")
    again = watch(shop, WEEKS + 1)
    assert again.code == 0
    assert again.json["facts"]["window"]["is_kept"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alerts", "ack"), "needs the number of an alert and a reason"),
        (("alerts", "ack", "7", "--why", "x"), "has no alert 7 that is not resolved. Known: none"),
        (("alerts", "show", "7"), "takes --all alone"),
        (("alerts", "ack", "7", "--why", "x", "--until", "soon"), "--until 'soon' is no time"),
    ],
)
def test_misuse_is_a_sentence(once, words, said):
    ended = call(once[0], *words)
    assert ended.code == 2
    assert said in ended.message


def test_data_without_times_cannot_be_watched(shop):
    config = shop / "fusion.toml"
    config.write_text(config.read_text().replace('time = "time"\n', ""))
    ended = watch(shop)
    assert ended.code == 2
    assert "[data.columns] time is not set" in ended.json["error"]
    config.write_text(CONFIG)
    assert watch(shop).code == 0


def test_a_short_history_is_said_and_not_judged(tmp_path):
    (tmp_path / "fusion.toml").write_text(CONFIG)
    write(tmp_path, until(small_world(), 4))
    answer = watch(tmp_path, 4)
    assert answer.code == 0
    assert answer.json["note"].startswith("The history is too short to judge: 3 windows of 7 days")
    assert {one["state"] for one in answer.json["facts"]["window"]["figures"]} == {"short"}


def test_a_handful_of_people_is_said_and_not_judged(tmp_path):
    """Eight people of the shop, one of whom does a hundred times as much in the newest week."""
    (tmp_path / "fusion.toml").write_text(CONFIG)
    world = until(small_world(), WEEKS)
    few = world.events["user"].unique().sort()[:8]
    events = world.events.filter(pl.col("user").is_in(few.implode()))
    write(tmp_path, with_events(world, pl.concat([events, *[events.tail(3)] * 100])))
    answer = watch(tmp_path)
    assert (answer.code, answer.json["alerts"]) == (0, [])
    assert answer.json["note"] == (
        "Fewer than 10 users come in a usual window of 7 days: too few to judge what they do."
    )


def test_a_file_that_has_ended_years_ago_is_silent(shop):
    """No window is measured then, and so none that could be said to have too few people."""
    answer = watch(shop, WEEKS + 150)
    assert (answer.code, answer.json["note"]) == (4, "")
    assert answer.json["facts"]["window"] is None
    assert [alert["cause"] for alert in answer.json["alerts"]] == ["stale"]


def test_who_is_forgotten_is_in_no_digest(shop):
    folder = shop / "runs" / "watch" / "of-default"
    before = pl.read_parquet(folder / "history.parquet")
    person = until(small_world(), WEEKS).events["user"][0]
    assert call(shop, "forget", person, "--json", FUSION_FORGET_KEY=KEY).code == 0
    after = pl.read_parquet(folder / "history.parquet")
    gone = before.join(after, on=["subject", "id", "start"], how="anti")
    assert gone["id"].n_unique() == 1
    assert set(gone["subject"]) == {"users"}
    # Their rows in the file are no events of any later watch.
    assert watch(shop, FUSION_FORGET_KEY=KEY).json["facts"]["rows"] < before["events"].sum()


def test_damaged_digests_end_with_the_cure(shop):
    (shop / "runs" / "watch" / "of-default" / "history.parquet").write_bytes(b"PAR1")
    ended = watch(shop)
    assert ended.code == 2
    assert "Remove the folder" in ended.json["error"]
    shutil.rmtree(shop / "runs" / "watch" / "of-default")
    assert watch(shop).code == 0
