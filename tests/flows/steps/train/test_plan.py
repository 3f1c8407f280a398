"""`fusion plan`: before any run, from runs, from SQL; what is wrong ends with 2."""

import sqlite3

import pytest

from flows.session import Session
from flows.steps.train.machine import Machine
from flows.steps.train.plan import plan_training, warnings_of
from fusion.planning.kinds import fit_kind
from tests.flows.calling import call, call_main
from tests.flows.world import make_shop


def files(folder):
    return {file: file.stat().st_mtime_ns for file in folder.rglob("*")}


def by_name(answer):
    return {stage["name"]: stage for stage in answer["estimate"]["stages"]}


def test_before_any_run_curves_speak_and_nothing_is_written(tmp_path):
    make_shop(tmp_path)
    before = files(tmp_path)
    ended = call(tmp_path, "plan", "--json")
    assert (ended.code, files(tmp_path)) == (0, before)
    work, estimate = ended.json["work"], ended.json["estimate"]
    assert (work["events"], work["users"], work["items"], work["folds"]) == (2078, 91, 60, 2)
    assert work["uses"] == {name: name for name in ("popularity", "ease", "item_knn")}
    assert estimate["runs"] == []
    stages = by_name(ended.json)
    assert {fit_kind(name) for name in work["uses"]} <= set(stages)
    assert estimate["seconds"] == pytest.approx(
        sum(stage["seconds"] for stage in estimate["stages"]), abs=1
    )
    assert ended.json["warnings"] == []


def test_runs_of_this_configuration_are_asked(shop):
    answer = call(shop, "plan", "--json").json
    newest = [run["run_id"] for run in call(shop, "runs", "--json").json]
    assert answer["estimate"]["runs"] == newest
    stages = by_name(answer)
    assert stages[fit_kind("ease")]["from_runs"]
    assert stages["lists"]["from_runs"]
    # A monitoring comes after the manifest is written.
    assert not stages["monitor"]["from_runs"]
    assert 0 < answer["estimate"]["disk_mb"]["run"] < 5


def test_data_in_sql_is_planned_alike(tmp_path):
    make_shop(tmp_path)
    plain = call(tmp_path, "plan", "--json").json["work"]
    header, *rows = (tmp_path / "ratings.csv").read_text().splitlines()
    with sqlite3.connect(tmp_path / "source.db") as database:
        database.execute(f"CREATE TABLE rating ({header})")
        database.executemany("INSERT INTO rating VALUES (?, ?, ?, ?)", [r.split(",") for r in rows])
    database.close()
    config = tmp_path / "fusion.toml"
    place = '{ url = "sqlite:///source.db", query = "SELECT * FROM rating" }'
    text = config.read_text().replace('interactions = "ratings.csv"', f"interactions = {place}")
    config.write_text(text)
    assert call(tmp_path, "plan", "--json").json["work"] == plain


def test_a_source_that_leaves_itself_out_is_named_and_not_counted(tmp_path):
    make_shop(tmp_path, '\n[[sources]]\nname = "category"\n')
    answer = call(tmp_path, "plan", "--json").json
    assert answer["left_out"] == {"category": "left out: the data has no categories"}
    assert fit_kind("category") not in by_name(answer)
    assert "category: left out" in call_main(tmp_path, "plan").out


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (lambda text: text + '\n[[sources]]\nname = "eas"\n', "eas"),
        (lambda text: text.replace("ratings.csv", "none.csv"), "none.csv"),
        (lambda text: text.replace("window = 10", "window = 1000"), "window"),
        (lambda text: text.replace("trials = 2", "trials = -2"), "trials"),
    ],
)
def test_what_a_training_could_not_do_is_no_plan(tmp_path, broken, named):
    config = make_shop(tmp_path)
    config.write_text(broken(config.read_text()))
    ended = call_main(tmp_path, "plan")
    assert ended.code == 2
    assert named in ended.err


def test_a_small_machine_is_warned_of(bare):
    estimate = plan_training(Session.open(bare / "fusion.toml")).estimate
    assert warnings_of(estimate, Machine(2, 10**6, 10**6)) == []
    assert warnings_of(estimate, Machine(2, None, 10**6)) == []
    memory, disk = warnings_of(estimate, Machine(2, 20.0, 0.5))
    assert "GiB of memory" in memory
    assert "0.0 GiB are free" in memory
    assert "in [artifacts] path" in disk
    apart = estimate.disk_mb["store"] + estimate.disk_mb["run"] + 0.1
    assert warnings_of(estimate, Machine(2, None, apart)) == []
