"""Policies that decide in the past: side by side, apart from the project, and on after a kill."""

import json
import shutil
import subprocess
import time

import pytest

from tests.flows.calling import call
from tests.flows.steps.past.turning_shop import DATES, listing, set_policy, turn_tastes
from tests.flows.world import command, database, environment, query

SLOW = "max_age = 28\n[retrain.drift]\nenabled = false\n"
COLUMNS = ("policy", "trainings", "refused", "windows", "stale_days")


def turning(shop, folder):
    """A copy of the shop with its two runs, in which tastes turn, and a policy of two weeks."""
    copy = shutil.copytree(shop, folder / "shop")
    turn_tastes(copy)
    # Two weeks of labels: no turn is refused for the chance of few.
    config = copy / "fusion.toml"
    config.write_text(config.read_text().replace("window = 10\n", "window = 14\n"))
    set_policy(copy, "max_age = 14")
    (copy / "slow.toml").write_text(f"[retrain]\n{SLOW}")
    return copy


@pytest.fixture(scope="module")
def replayed(shop, tmp_path_factory):
    """The project, its files before, where the replay is kept, and the answer."""
    outside = tmp_path_factory.mktemp("replayed")
    folder = turning(shop, outside)
    before = listing(folder)
    kept = outside / "kept"
    words = (*DATES, "--policy", "slow.toml", "--keep", str(kept), "--json")
    return folder, before, kept, call(folder, "replay", *words)


def test_each_policy_has_its_row(replayed):
    answer = replayed[3]
    assert answer.code == 0, answer.message
    rows = {row["policy"]: row for row in answer.json["policies"]}
    assert list(rows) == ["always", "never", "age", "configured", "slow"]
    assert {name: row["trainings"] for name, row in rows.items()} == {
        "always": 3,
        "never": 1,
        "age": 2,
        "configured": 2,
        "slow": 1,
    }
    assert {row["windows"] for row in rows.values()} == {3}
    stale_days = [rows[name]["stale_days"] for name in ("always", "age", "never")]
    assert stale_days == pytest.approx([3.5, (3.5 + 10.5 + 3.5) / 3, 10.5])
    assert rows["slow"]["realised_ndcg"] == rows["never"]["realised_ndcg"]


def test_where_tastes_turn_training_always_beats_never(replayed):
    rows = {row["policy"]: row for row in replayed[3].json["policies"]}
    assert rows["always"]["realised_ndcg"] > 1.1 * rows["never"]["realised_ndcg"]
    assert rows["never"]["of_always"]["value"] < rows["age"]["of_always"]["value"] < 1
    turns = {(turn["policy"], turn["at"][:10]): turn for turn in replayed[3].json["turns"]}
    # The first run is the same for all: it knows nothing of the new taste.
    assert len({turns[name, "2020-12-10"]["ndcg"] for name in rows}) == 1
    assert turns["always", "2020-12-24"]["ndcg"] > turns["never", "2020-12-24"]["ndcg"]


def test_runs_and_slots_bear_the_time_of_their_turn(replayed):
    url = f"sqlite:///{replayed[2] / 'replay.db'}"
    runs = query(
        url, "select as_of, created_at, kind from run where placement = 'always' order by run_no"
    )
    assert [(as_of[:10], created[:10]) for as_of, created, _ in runs] == [
        ("2020-12-10", "2020-12-10"),
        ("2020-12-17", "2020-12-17"),
        ("2020-12-24", "2020-12-24"),
    ]
    moves = query(url, "select at from slot_move where placement = 'age' order by id")
    assert [at[:10] for (at,) in moves] == ["2020-12-10", "2020-12-24"]
    # As in life the data is watched before the policy answers, once something is live.
    watches = query(url, "select as_of from watch where placement = 'slow' order by watch_no")
    assert [as_of[:10] for (as_of,) in watches] == ["2020-12-17", "2020-12-24"]


def test_nothing_of_the_project_is_touched(replayed):
    folder, before, *_ = replayed
    assert listing(folder) == before


def test_stages_of_the_project_are_taken(own_shop, tmp_path):
    """The project's own run knows the same as a turn at its moment: not one fit is made anew."""
    moment = query(database(own_shop), "select as_of from run order by run_no limit 1")[0][0]
    words = ("--from", moment[:10], "--to", "2021-01-01", "--keep", str(tmp_path / "kept"))
    assert call(own_shop, "replay", *words).code == 0
    project, own = (
        {stage.name for stage in (runs / "store" / "fit").iterdir()}
        for runs in (own_shop / "runs", tmp_path / "kept" / "runs")
    )
    assert own <= project


def test_policies_that_train_at_the_same_date_share_what_is_made(replayed):
    # Nine runs of five policies as of three dates.
    assert len(list((replayed[2] / "runs" / "store" / "lists").iterdir())) == 3


def test_the_picture_is_there_twice(replayed):
    kept = replayed[2]
    assert replayed[3].json["pictures"] == [str(kept / "replay.png"), str(kept / "replay.svg")]
    assert (kept / "replay.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (kept / "replay.svg").read_text()


def test_a_replay_that_has_ended_ends_again_with_the_same_and_trains_nothing(replayed, tmp_path):
    folder, _, kept, answer = replayed
    copy = shutil.copytree(kept, tmp_path / "kept")
    words = (*DATES, "--policy", "slow.toml", "--keep", str(copy), "--json")
    again = call(folder, "replay", *words)
    assert again.json["policies"] == answer.json["policies"]
    assert again.json["turns"] == answer.json["turns"]
    count = "select count(*) from run"
    assert query(f"sqlite:///{copy / 'replay.db'}", count) == query(
        f"sqlite:///{kept / 'replay.db'}", count
    )


def test_a_torn_line_is_a_turn_that_is_not_done(replayed, tmp_path):
    folder, _, kept, answer = replayed
    copy = shutil.copytree(kept, tmp_path / "kept")
    turns = copy / "turns.jsonl"
    turns.write_bytes(turns.read_bytes()[:-30])
    words = (*DATES, "--policy", "slow.toml", "--keep", str(copy), "--json")
    again = call(folder, "replay", *words)
    assert again.json["turns"] == answer.json["turns"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2020-12-10", "--to", "2020-12-12"), "hold no whole window"),
        (("--from", "2020-12-10", "--to", "2020-12-09"), "lies after --to"),
        (("--from", "2020-12-10", "--to", "2030-01-01"), "lies beyond the data"),
        (("--from", "2019-12-10", "--to", "2020-12-31"), "lies before the first event"),
        ((*DATES[:4], "--every", "0h"), "is no length of time"),
        ((*DATES, "--policy", "none.toml"), "is not there"),
        ((*DATES, "--policy", "fusion.toml"), "is no policy"),
        ((*DATES, "--keep", "runs"), "are no replay's"),
    ],
)
def test_what_cannot_be_replayed_ends_with_2(shop, tmp_path, words, says):
    before = listing(shop)
    ended = call(shop, "replay", *words, "--picture", str(tmp_path / "replay"))
    assert (ended.code, says in ended.message) == (2, True), ended.message
    assert listing(shop) == before


def test_another_replay_cannot_go_on_in_the_folder(replayed):
    folder, _, kept, _ = replayed
    ended = call(folder, "replay", *DATES[:4], "--every", "14d", "--keep", str(kept))
    assert ended.code == 2
    assert "holds a replay of another every, policies" in ended.message


@pytest.mark.faults
def test_a_replay_that_is_killed_goes_on(replayed, tmp_path, moment):
    folder, _, _, answer = replayed
    kept = tmp_path / "kept"
    words = ("replay", *DATES, "--policy", "slow.toml", "--keep", str(kept), "--json")
    # Killed as soon as a run has begun, and later in the middle of others: each goes on.
    for n_begun in (1, 2, 3):
        log = tmp_path / f"log{n_begun}"
        with log.open("w") as err:
            running = subprocess.Popen(
                command(*words),
                cwd=folder,
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=err,
            )
        while log.read_text().count("run begun") < n_begun and running.poll() is None:
            time.sleep(0.01)
        running.kill()
        running.wait()
        moment("replay killed")
    again = call(folder, *words)
    assert again.code == 0, again.message
    assert again.json["policies"] == answer.json["policies"]
    rows = query(
        f"sqlite:///{kept / 'replay.db'}",
        "select placement, as_of, count(*) from run where status = 'ready' group by 1, 2",
    )
    assert {count for *_, count in rows} == {1}
    lines = (kept / "turns.jsonl").read_text().splitlines()
    turns = [(json.loads(line)["policy"], json.loads(line)["at"]) for line in lines]
    assert len(turns) == len(set(turns)) == 15
