"""The loop on both databases: published, watched, asked again, taken back, looked at."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO

import polars as pl
import pytest
from rich.console import Console

from dashboards.measures.churn_excess import excess_limit
from flows.cli.screens.outcome import print_outcome
from flows.session import Session
from flows.steps.publish.publish import publish_run
from flows.steps.retrain import loop
from flows.steps.retrain.loop import retrain_loop
from flows.steps.retrain.retrain import decide
from flows.steps.show.user_lists import user_list
from flows.steps.watch.compare import compare
from flows.steps.watch.monitor import monitor_run
from fusion.config import RESERVED
from fusion.errors import DataError, Refused
from storage.loading.bulk import load_metrics
from storage.reading.live_run import live
from storage.reading.read import history
from storage.runs.liveness import end_life, is_alive
from storage.runs.retention import delete_run
from storage.runs.runs import find_run, finish_run, runs, start_run
from storage.slots.publish import rollback, unfreeze
from tests.flows.archive import know_of_its_end
from tests.flows.calling import call_main
from tests.flows.world import (
    EARLY,
    STRANGER,
    fusion,
    live_lists,
    make_shop,
    query,
    replace_lists,
)

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def url_of(session: Session) -> str:
    return session.engine.url.render_as_string(hide_password=False)


def ask(session: Session, statement: str, **values):
    return query(url_of(session), statement, **values)


def met(session: Session) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (session.base / "ratings.csv").read_text().splitlines()[1:]:
        user, item, *_ = line.split(",")
        found.setdefault(user, set()).add(item)
    return found


def test_the_newest_run_is_live_and_whole(two_runs):
    newest, oldest = runs(two_runs.engine, "default")
    assert [run.status for run in (oldest, newest)] == ["ready", "ready"]
    assert live(two_runs.engine, "default").run == newest
    assert {
        row[0] for row in ask(two_runs, "select distinct run_id from current_recommendations")
    } == {newest.run_id}
    lists: dict[str, list[str]] = {}
    for user, rank, item, _, route, placement in live_lists(url_of(two_runs)):
        lists.setdefault(user, []).append(item)
        assert (rank, placement) == (len(lists[user]), "default")
        assert route in ("warm", "sparse")
    seen = met(two_runs)
    assert lists.keys() == seen.keys()
    for user, items in lists.items():
        assert len(set(items)) == 5
        assert not set(items) & seen[user]


def test_a_run_as_of_a_moment_knows_nothing_later(two_runs):
    newest, oldest = runs(two_runs.engine, "default")
    assert oldest.as_of == datetime.fromisoformat(EARLY).replace(tzinfo=UTC)
    assert newest.as_of > oldest.as_of
    rows = [
        line.split(",") for line in (two_runs.base / "ratings.csv").read_text().splitlines()[1:]
    ]
    known = sum(int(row[2]) < oldest.as_of.timestamp() for row in rows)
    assert 0 < known < len(rows)
    assert oldest.manifest["data"]["interactions"] == known


def test_every_move_is_history(two_runs):
    newest, oldest = runs(two_runs.engine, "default")
    first, second = history(two_runs.engine, "default")
    assert (first.from_run_id, first.to_run_id, first.by) == (None, oldest.run_id, "ann")
    assert (second.from_run_id, second.to_run_id) == (oldest.run_id, newest.run_id)
    assert second.reason == "admitted by its checks"


def test_figures_of_verdict_drift_and_stability_stand_in_sql(two_runs):
    newest, oldest = runs(two_runs.engine, "default")
    statement = (
        "select subject, name, value from metric "
        "where run_no = :run and segment = 'all' and (k = 10 or k is null)"
    )
    of_new = {(row[0], row[1]): row[2] for row in ask(two_runs, statement, run=newest.run_no)}
    of_old = {(row[0], row[1]) for row in ask(two_runs, statement, run=oldest.run_no)}
    for subject in ("ranker", "blend", "ease", "random"):
        assert of_new[subject, "ndcg"] == pytest.approx(
            newest.verdict["rows"][subject]["ndcg@10"]["value"]
        )
    assert 0 <= of_new["lists", "churn"] <= 1
    assert of_new["lists", "jaccard"] + of_new["lists", "churn"] == pytest.approx(1)
    assert ("lists", "churn") not in of_old
    for run in (newest, oldest):
        names = {
            row[0]
            for row in ask(two_runs, "select name from metric where run_no = :run", run=run.run_no)
        }
        assert {
            "auc",
            "coverage",
            "popularity",
            "text_diversity",
            "users",
            "label_share",
            "gate_psi",
        } <= names
        watched = {
            row[0]
            for row in ask(
                two_runs, "select subject from metric where run_no = :run", run=run.run_no
            )
        }
        assert {"users", "items", "interactions", "features"} <= watched


def test_no_source_may_have_the_name_of_another_subject_of_figures(two_runs):
    run = runs(two_runs.engine, "default")[0]
    statement = "select distinct subject from metric where run_no = :run"
    subjects = {row[0] for row in ask(two_runs, statement, run=run.run_no)}
    sources = {source["name"] for source in run.manifest["sources"]}
    assert sources < subjects
    assert subjects - sources <= set(RESERVED)


def test_the_run_folder_is_what_its_manifest_says(two_runs):
    for run in runs(two_runs.engine, "default"):
        folder = two_runs.runs / run.run_id
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["data"]["hash"] == run.data_hash
        costs = {step["name"]: step["seconds"] for step in run.manifest["steps"]}
        assert costs == run.manifest["seconds"]
        assert {"load", "verdict", "load lists into SQL"} < set(costs)
        assert "ids/users.parquet" in manifest["files"]
        for name, facts in manifest["files"].items():
            assert sha256((folder / name).read_bytes()).hexdigest() == facts["sha256"], name
        report = {file.name for file in (folder / "report").iterdir()}
        assert {"drift.json", "stability.json"} <= report


def test_outside_ids_of_users_stand_in_one_file(two_runs):
    newest = runs(two_runs.engine, "default", 1)[0]
    folder = two_runs.runs / newest.run_id
    holding = [
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file() and STRANGER.encode() in file.read_bytes()
    ]
    assert holding == ["ids/users.parquet"]


def test_show_gives_a_list_its_reasons_and_titles(two_runs):
    rows = user_list(two_runs, "u1")
    assert rows["rank"].to_list() == [1, 2, 3, 4, 5]
    assert rows["title"].to_list() == [f"Film {item}" for item in rows["item_id"]]
    assert set(rows["route"]) <= {"warm", "sparse"}
    assert rows["source"].null_count() < 5
    assert all(rows.filter(rows["source"].is_not_null())["reason"])


@pytest.mark.parametrize(
    ("user", "who", "segment"),
    [(STRANGER, "", "club=red"), ("nobody at all", "unknown user, ", "all")],
)
def test_show_falls_back_to_the_segment_then_to_all(two_runs, user, who, segment):
    rows = user_list(two_runs, user)
    assert set(rows["route"]) == {f"{who}fallback of segment {segment}"}
    assert rows["rank"].to_list() == list(range(1, len(rows) + 1))
    expected = ask(
        two_runs,
        "select item_id from current_fallback "
        "where placement = 'default' and segment = :segment order by rank",
        segment=segment,
    )
    assert rows["item_id"].to_list() == [row[0] for row in expected]
    assert len(rows) > 0


def test_a_segment_puts_first_what_its_members_took(two_runs):
    """Drawn towards the list of all, a segment of one person still moves that person's items up."""
    theirs = met(two_runs)["u2"]
    mine, everyones = (
        user_list(two_runs, user)["item_id"].to_list() for user in (STRANGER, "nobody at all")
    )
    both = set(mine) & set(everyones)
    up = [everyones.index(item) - mine.index(item) for item in both if item in theirs]
    down = [everyones.index(item) - mine.index(item) for item in both if item not in theirs]
    assert mine != everyones
    assert min(up) >= max(down)


def test_diff_counts_what_changed(two_runs):
    """Counted once more by hand over the stored rows."""
    newest, oldest = runs(two_runs.engine, "default")
    found = compare(two_runs, oldest.run_id, "live")
    assert (found.old, found.new) == (oldest, newest)
    lists: list[dict[str, list[str]]] = [{}, {}]
    statement = (
        "select run_no, user_id, item_id from recommendation where rank <= 10 "
        "order by run_no, user_id, rank"
    )
    for run_no, user, item in ask(two_runs, statement):
        lists[run_no - 1].setdefault(user, []).append(item)
    before, after = lists
    counts = [Counter(item for mine in frame.values() for item in mine) for frame in lists]
    for row in found.changed.moved.iter_rows(named=True):
        assert (row["before"], row["after"]) == (
            counts[0][row["item_id"]],
            counts[1][row["item_id"]],
        )
        assert row["title"] == f"Film {row['item_id']}"
    assert set(found.changed.gained["item_id"]) == set(counts[1]) - set(counts[0])
    assert set(found.changed.lost["item_id"]) == set(counts[0]) - set(counts[1])
    groups = {(row["by"], row["name"]): row for row in found.changed.groups.to_dicts()}
    likeness = {
        user: len({*before[user]} & {*after[user]}) / len({*before[user]} | {*after[user]})
        for user in after
    }
    assert groups["all", "all"]["users"] == 90
    assert groups["all", "all"]["changed"] == sum(before[user] != after[user] for user in after)
    assert groups["all", "all"]["churn"] == pytest.approx(1 - sum(likeness.values()) / 90)
    assert groups["segment", "club=red"]["users"] == 1
    assert groups["segment", "club=red"]["churn"] == pytest.approx(1 - likeness["u2"])
    assert sum(row["users"] for (by, _), row in groups.items() if by == "route") == 90


def test_diff_of_a_run_with_itself_is_nothing(two_runs):
    same = compare(two_runs, "live", runs(two_runs.engine, "default", 1)[0].run_id)
    assert (same.stable.value("jaccard"), same.stable.value("churn")) == (1, 0)
    assert same.changed.groups["changed"].sum() == 0
    assert (len(same.changed.gained), len(same.changed.lost), len(same.changed.moved)) == (0, 0, 0)


def test_rollback_and_freeze_move_the_pointer_alone(own_runs):
    engine, (newest, oldest) = own_runs.engine, runs(own_runs.engine, "default")
    rows = ask(own_runs, "select count(*) from recommendation")
    move = rollback(engine, "default", None, timedelta(hours=1), by="bea", reason="looks odd")
    assert (move.from_run_id, move.to_run_id, move.by) == (newest.run_id, oldest.run_id, "bea")
    assert {
        row[0] for row in ask(own_runs, "select distinct run_id from current_recommendations")
    } == {oldest.run_id}
    with pytest.raises(Refused, match="frozen until"):
        publish_run(own_runs, newest.run_id)
    assert live(engine, "default").run.run_id == oldest.run_id
    assert unfreeze(engine, "default", "bea")
    assert publish_run(own_runs, newest.run_id).move.from_run_id == oldest.run_id
    assert ask(own_runs, "select count(*) from recommendation") == rows
    assert [move.action for move in history(engine, "default")] == [
        "publish", "publish", "rollback", "unfreeze", "publish"
    ]  # fmt: skip


def test_the_policy_writes_down_what_it_decides(own_runs):
    newest = runs(own_runs.engine, "default", 1)[0]
    trained = newest.created_at
    assert not decide(own_runs, now=trained + timedelta(hours=1)).due
    assert decide(own_runs, now=trained + timedelta(days=6)).exit_code == 4
    know_of_its_end(own_runs)
    assert not decide(own_runs, now=trained + timedelta(days=6)).due
    assert not decide(own_runs, now=trained + timedelta(days=8)).due
    assert decide(own_runs, force=True, now=trained + timedelta(hours=1)).due
    rows = ask(own_runs, "select trigger, due, run_no, reason from decision order by id")
    assert [(row[0], bool(row[1]), row[2]) for row in rows] == [
        ("cooldown", False, newest.run_no),
        ("data", False, newest.run_no),
        ("age", False, newest.run_no),
        ("new_data", False, newest.run_no),
        ("force", True, newest.run_no),
    ]
    assert "the cool-down is 6 hours" in rows[0][3]
    assert "6.0 days ago, which is within max_age of 7 days" in rows[2][3]
    assert rows[3][3].startswith("0 events have arrived since the data of live run")
    assert rows[4][3].startswith("bea asked")


def test_a_decision_keeps_all_that_it_rests_on(own_runs):
    know_of_its_end(own_runs)
    trained = runs(own_runs.engine, "default", 1)[0].created_at
    due = decide(own_runs, now=trained + timedelta(days=1))
    ((code, parameters, facts),) = ask(own_runs, "select code, parameters, facts from decision")
    assert code == due.code == "age_within"
    assert as_document(parameters) == due.parameters
    facts = as_document(facts)
    assert facts["live"] == due.parameters["run"]
    assert {row["fact"]: row["value"] for row in facts["rows"]}["min_new_events"] == 0
    assert [row["fact"] for row in facts["rows"]] == [row.fact for row in due.rows]


def as_document(stored):
    """SQLite gives JSON as text, PostgreSQL as what it holds."""
    return json.loads(stored) if isinstance(stored, str) else stored


def wait_for_its_end(engine, run_no: int) -> None:
    """A server needs a moment to notice that a connection is gone."""
    with engine.connect() as connection:
        while is_alive(connection, run_no):
            time.sleep(0.01)
            connection.rollback()


@pytest.mark.parametrize("ending", ["failed", "killed"])
def test_a_training_that_came_to_nothing_neither_ends_nor_begins_a_cool_down(own_runs, ending):
    """Asked soon after the live run was trained, and again when its cool-down is over."""
    engine, trained = own_runs.engine, runs(own_runs.engine, "default", 1)[0]
    run_no = start_run(
        engine, "lost", "default", kind="full", as_of=None, data_hash="d", config_hash="c"
    )
    if ending == "failed":
        finish_run(engine, run_no, "failed", method=None, list_size=None, verdict={}, manifest={})
    end_life(engine, run_no)
    wait_for_its_end(engine, run_no)
    know_of_its_end(own_runs)
    soon, later = timedelta(hours=1), timedelta(hours=6, seconds=1)
    asked = [decide(own_runs, now=trained.created_at + after) for after in (soon, later)]
    assert [one.trigger for one in asked] == ["cooldown", "age"]
    assert trained.run_id in asked[0].reason
    assert find_run(engine, "default", "lost").status == "failed"


def test_a_training_that_goes_on_begins_a_cool_down(own_runs):
    run_no = start_run(
        own_runs.engine, "alive", "default", kind="full", as_of=None, data_hash="d", config_hash="c"
    )
    later = find_run(own_runs.engine, "default", "alive").created_at + timedelta(hours=5.99)
    assert "run alive" in decide(own_runs, now=later).reason
    end_life(own_runs.engine, run_no)


def test_nothing_live_yet_is_the_first_reason(tmp_path):
    session = Session.open(make_shop(tmp_path))
    assert decide(session, now=NOON).trigger == "first"
    assert [
        (row[0], bool(row[1])) for row in ask(session, "select trigger, due from decision")
    ] == [("first", True)]
    session.engine.dispose()


def test_retrain_within_the_cool_down_trains_nothing(own_runs):
    done = retrain_loop(own_runs)
    assert (done.exit_code, done.trained, done.due.trigger) == (0, None, "cooldown")
    assert len(runs(own_runs.engine, "default")) == 2


def test_a_run_that_cannot_be_monitored_is_published_and_says_both(own_shop):
    """Folders of runs that it may be compared with are damaged."""
    whole = {file: file.read_bytes() for file in own_shop.glob("runs/2*/monitor/*/users.parquet")}
    for file in whole:
        file.write_bytes(b"damaged")
    ended = call_main(own_shop, "run", "--json")
    assert (ended.code, ended.json["published"], ended.json["monitor"]) == (4, True, None), (
        ended.err
    )
    assert "users.parquet" in ended.json["monitor_error"]
    run_id = ended.json["run"]["id"]
    assert call_main(own_shop, "status", "--json").json["live"]["run_id"] == run_id
    for file, content in whole.items():
        file.write_bytes(content)
    assert call_main(own_shop, "monitor", run_id).code in (0, 4)


def test_who_interrupts_monitoring_or_pruning_hears_that_the_run_is_live(own_shop, monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    for step in ("monitor_run", "prune"):
        monkeypatch.setattr(loop, step, interrupted)
    session = Session.open(own_shop / "fusion.toml", by="ann")
    done = loop.run_loop(session)
    assert (done.exit_code, done.monitored, done.pruned) == (4, None, None)
    assert live(session.engine, "default").run.run_id == done.published.run_id
    console = Console(file=StringIO(), width=140)
    print_outcome(console, done)
    told = console.file.getvalue()
    assert f"Published run {done.published.run_id}" in told
    assert f"`fusion monitor {done.published.run_id}` repeats it" in told
    session.engine.dispose()


def test_a_run_whose_predecessor_was_pruned_keeps_its_report(own_runs):
    newest, oldest = runs(own_runs.engine, "default")
    report = own_runs.runs / newest.run_id / "report"
    before = {file.name: file.read_bytes() for file in report.iterdir()}
    assert delete_run(own_runs.engine, oldest.run_no)
    with pytest.raises(DataError, match=f"{oldest.run_id}, which was live before it, was pruned"):
        monitor_run(own_runs)
    assert {file.name: file.read_bytes() for file in report.iterdir()} == before
    assert "churn" in (report / "stability.json").read_text()


def test_diff_refuses_runs_that_have_no_lists(own_runs):
    engine, oldest = own_runs.engine, runs(own_runs.engine, "default")[1]
    numbers = [
        start_run(engine, name, "default", kind="full", as_of=None, data_hash="d", config_hash="c")
        for name in ("lost", "begun")
    ]
    failure = {"method": None, "list_size": None, "verdict": {}, "manifest": {"error": "no 'room'"}}
    finish_run(engine, numbers[0], "failed", **failure)
    delete_run(engine, oldest.run_no)
    reasons = {
        "lost": "is failed, .*no 'room'",
        "begun": "has not ended",
        oldest.run_id: "is deleted, .*was pruned",
    }
    for name, why in reasons.items():
        for pair in ((name, "live"), ("live", name)):
            with pytest.raises(DataError, match=f"run {name} .*{why}"):
                compare(own_runs, *pair)
    end_life(engine, numbers[1])


def test_watching_again_replaces_figures(own_runs):
    before = ask(own_runs, "select count(*) from metric")
    run_no = runs(own_runs.engine, "default")[0].run_no
    figure = {"segment": "a column", "k": 0, "value": 0.9, "low": None, "high": None}
    # Figures of a measure that a column had before, of each kind of subject.
    former = [
        {"subject": name, "name": "former", **figure} for name in ("items", "scores", "lists")
    ]
    load_metrics(own_runs.engine, run_no, pl.DataFrame(former))
    by_training = "select count(*) from metric where name in ('gate_psi', 'ndcg')"
    of_training = ask(own_runs, by_training)
    seen = monitor_run(own_runs)
    assert seen.against == runs(own_runs.engine, "default")[1].run_id
    assert ask(own_runs, "select count(*) from metric") == before
    assert ask(own_runs, by_training) == of_training > [(0,)]
    moves = {one.column: one.moves for one in seen.drift if one.subject == "features"}
    moving = ("user_events", "item_age_days", "item_share_7d", "ease_z", "ease_rr")
    steady = ("ease_rank", "ease_proposed", "blend", "item_weight")
    assert [moves[name] for name in (*moving, *steady)] == [True] * len(moving) + [False] * len(
        steady
    )
    # Shapes of scores move with every ranker, and nothing else but features does.
    moving = {one.subject for one in seen.drift if one.moves}
    assert moving == {"features", "scores"}
    assert all(one.moves for one in seen.drift if one.subject == "scores")


def test_lists_that_change_past_the_limit_raise_an_alert(own_runs):
    newest, oldest = runs(own_runs.engine, "default")
    replace_lists(own_runs.engine, oldest.run_no)
    seen = monitor_run(own_runs)
    [alert] = [alert for alert in seen.alerts if alert.name == "churn_excess"]
    rows = ask(own_runs, "select subject, value, threshold from alert where name = 'churn_excess'")
    assert rows == [("lists", alert.value, alert.limit)]
    assert alert.value == 1 - (1 - seen.stability.value("jaccard_chance"))
    days = (newest.as_of - oldest.as_of).total_seconds() / 86_400
    assert alert.limit == excess_limit(days)


def test_the_command_line_tells_of_an_alert_by_its_exit_code(own_shop):
    session = Session.open(own_shop / "fusion.toml")
    replace_lists(session.engine, 1)
    session.engine.dispose()
    watched = fusion(own_shop, "monitor", "--json")
    assert watched.code == 4
    assert "churn_excess" in [alert["name"] for alert in watched.json["alerts"]]
    wide_limits = {
        "FUSION_MONITOR__CHURN_LIMIT": "1",
        "FUSION_MONITOR__DRIFT_SHARE": "1",
        "FUSION_MONITOR__DRIFT_LIMIT": "10",
        "FUSION_MONITOR__ITEMS_LIMIT": "1",
    }
    calm = call_main(own_shop, "monitor", "--json", **wide_limits)
    assert (calm.code, calm.json["alerts"]) == (0, [])
