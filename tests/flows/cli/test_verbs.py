"""Every verb as a person or a machine calls it: exit code, results on stdout, logs on stderr."""

import csv
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from flows.cli.main import app
from flows.session import Session
from storage.schema.metadata import metadata
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import alerts_of, raise_alert
from tests.flows.calling import call_main
from tests.flows.world import (
    CONFIG,
    EARLY,
    ROOT,
    command,
    database,
    environment,
    events,
    fusion,
    live_lists,
    query,
    write_events,
)

VERBS = (
    *("demo", "init", "check", "run", "train", "publish", "monitor", "retrain"),
    *(
        "status",
        "runs",
        "show",
        "diff",
        "approve",
        "reject",
        "rollback",
        "unfreeze",
        "schedule",
        "ui",
    ),
)


def newest(folder) -> str:
    return query(database(folder), "select run_id from run order by run_no desc limit 1")[0][0]


def test_every_verb_of_the_design_is_there_with_help():
    helped = {
        command.name or command.callback.__name__: command.callback.__doc__
        for command in app.registered_commands
    }
    assert set(VERBS) <= helped.keys()
    assert all(helped[verb] for verb in VERBS)


def test_help_shows_verbs_and_exit_codes(tmp_path):
    ended = fusion(tmp_path, "--help")
    assert ended.code == 0
    for word in (*VERBS, "75 try again later"):
        assert word in ended.out


def test_every_verb_is_documented():
    page = ROOT / "docs" / "cli.md"
    if not page.exists():
        pytest.skip("no docs/cli.md on this branch")
    text = page.read_text()
    helped = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [verb for verb in helped if f"fusion {verb}" not in text] == []


def test_a_run_gives_json_on_stdout_and_logs_on_stderr(shop_made):
    first, second = shop_made[1]
    for ended in (first, second):
        assert ended.json["exit_code"] == ended.code
        assert ended.json["published"] is True
        assert ended.json["run"]["status"] == "ready"
        assert "INFO flows.step_timer step done name='verdict'" in ended.err
        assert "Traceback" not in ended.err
    assert first.code == (4 if first.json["monitor"]["alerts"] else 0)
    assert second.json["monitor"]["against"] == first.json["run"]["id"]


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("runs",),
        ("show", "u1"),
        ("show", "nobody"),
        ("diff", "live", "live"),
        ("check",),
    ],
)
def test_looking_gives_json_alone_or_a_screen(shop, words):
    machine = fusion(shop, *words, "--json")
    assert (machine.code, bool(machine.json)) == (0, True)
    person = call_main(shop, *words)
    assert person.code == 0
    assert person.out.strip()
    with pytest.raises(ValueError):  # noqa: PT011  what a person reads is not JSON
        json.loads(person.out)


def test_status_names_the_live_run(shop):
    found = call_main(shop, "status", "--json").json["live"]
    assert found["run_id"] == newest(shop)
    assert newest(shop) in call_main(shop, "status").out
    assert [run["run_id"] for run in call_main(shop, "runs", "--limit", "1", "--json").json] == [
        newest(shop)
    ]


def test_a_configuration_in_another_folder_means_its_own_files(shop, tmp_path):
    elsewhere = call_main(tmp_path, "status", "--json", "--config", str(shop / "fusion.toml"))
    assert elsewhere.json == call_main(shop, "status", "--json").json
    beside = call_main(shop / "runs", "show", "u1", "--json", "--config", "../fusion.toml")
    assert (beside.code, len(beside.json)) == (0, 5)
    assert not list(tmp_path.iterdir())


def test_rollback_freeze_publish_unfreeze(own_shop):
    url, last = database(own_shop), newest(own_shop)
    before = live_lists(url)
    moved = call_main(
        own_shop,
        "rollback",
        "--freeze",
        "24h",
        "--reason",
        "a 'strange' list",
        "--by",
        "bea",
        "--json",
    )
    assert (moved.code, moved.json["from_run_id"], moved.json["by"]) == (0, last, "bea")
    rolled = live_lists(url)
    assert rolled != before
    assert "frozen until" in call_main(own_shop, "status").out
    refused = call_main(own_shop, "publish", last)
    assert refused.code == 1
    assert "frozen until" in refused.err
    assert "a 'strange' list" in refused.err
    retrained = call_main(own_shop, "run", "--json")
    assert (retrained.code, retrained.json["published"]) == (1, False)
    assert "frozen until" in retrained.json["refusals"][0]
    assert live_lists(url) == rolled
    assert call_main(own_shop, "unfreeze").code == 0
    assert call_main(own_shop, "unfreeze").out.strip() == "It was not frozen."
    published = call_main(own_shop, "publish", last, "--json")
    assert (published.code, published.json["run_id"]) == (0, last)
    assert live_lists(url) == before


def test_a_refused_run_leaves_what_is_live(own_shop):
    url = database(own_shop)
    before = live_lists(url)
    session = Session.open(own_shop / "fusion.toml")
    alert = NewAlert("lists.planted", "lists", "planted", "run", "of the live run")
    number, _ = raise_alert(session.engine, "default", alert, run_no=2)
    write_events(own_shop / "ratings.csv", events(taste=0, seed=11))
    ended = call_main(own_shop, "run", "--json")
    assert ended.code == 1, ended.err
    assert (ended.json["run"]["status"], ended.json["published"]) == ("rejected", False)
    assert any("beats random" in refusal for refusal in ended.json["refusals"])
    assert live_lists(url) == before
    # Its report may say why: it is monitored like a run that is shown.
    assert ended.json["monitor_status"] == "done"
    live = call_main(own_shop, "status", "--json").json["live"]
    assert ended.json["monitor"]["against"] == live["run_id"]
    # What was wrong with the live run is not mended by one that nobody is shown.
    assert number in [alert.id for alert in alerts_of(session.engine, "default")]
    session.engine.dispose()
    monitored = call_main(own_shop, "monitor", ended.json["run"]["id"], "--json")
    assert monitored.code in (0, 4), monitored.err
    assert monitored.json["alerts"] == ended.json["monitor"]["alerts"]
    again = call_main(own_shop, "publish", ended.json["run"]["id"])
    assert again.code == 1
    assert "is rejected, not ready: beats random" in again.err
    assert query(url, "select status from run order by run_no desc limit 1") == [("rejected",)]


def test_train_then_publish_is_run_in_two_steps(own_shop):
    url = database(own_shop)
    before = live_lists(url)
    trained = fusion(own_shop, "train", "--as-of", EARLY, "--json")
    assert (trained.code, trained.json["published"]) == (0, False), trained.err
    assert live_lists(url) == before
    # It knows less than what is live, on purpose here.
    assert call_main(own_shop, "publish", trained.json["run"]["id"], "--allow-older").code == 0
    assert live_lists(url) != before


def test_retrain_asks_the_policy(own_shop):
    ended = fusion(own_shop, "retrain", "--json")
    assert (ended.code, ended.json["due"]["trigger"], ended.json["run"]) == (0, "cooldown", None)
    forced = call_main(own_shop, "retrain", "--force", "--by", "cron", "--json")
    assert forced.code in (0, 4), forced.err
    assert (forced.json["due"]["trigger"], forced.json["published"]) == ("force", True)
    rows = query(database(own_shop), "select trigger, due, reason from decision order by id")
    assert [(row[0], bool(row[1])) for row in rows] == [("cooldown", False), ("force", True)]
    assert rows[1][2].startswith("cron asked")


def test_init_check_run_on_ones_own_files(tmp_path):
    write_events(tmp_path / "my plays.csv", events())
    made = fusion(tmp_path, "init", "my plays.csv", "--json")
    assert made.code == 0, made.err
    assert made.json["guessed"]
    assert call_main(tmp_path, "check").code == 0
    ours = CONFIG[CONFIG.index("[split]") :]
    with (tmp_path / "fusion.toml").open("a") as file:
        file.write("\n" + ours)
    ended = call_main(tmp_path, "run", "--json")
    assert ended.code in (0, 4), ended.err
    assert len(live_lists(database(tmp_path))) == 90 * 5


@pytest.mark.parametrize(
    "user",
    ['o"neil', "o'neil; drop table run", "tab\there", "two words", "🙂 李雷", "[bold]x", "-5"],
)
def test_ids_of_every_kind_come_back_as_they_went(odd_shop, user):
    assert query(
        database(odd_shop),
        "select count(*) from current_recommendations where user_id = :u",
        u=user,
    ) == [(5,)]
    shown = call_main(odd_shop, "show", "--json", "--", user)
    assert (shown.code, {row["user_id"] for row in shown.json}) == (0, {user})
    assert call_main(odd_shop, "show", "--", user).code == 0


@pytest.fixture(scope="session")
def odd_shop(tmp_path_factory):
    """A shop whose first users and items have names that quoting, markup and shells trip over."""
    names = [
        'o"neil',
        "o'neil; drop table run",
        "tab\there",
        "two words",
        "🙂 李雷",
        "[bold]x",
        "-5",
    ]
    folder = tmp_path_factory.mktemp("odd")
    called = {f"u{number}": name for number, name in enumerate(names)} | {
        "i1": 'i"1',
        "i2": "i\t2",
        "i3": "[red]💥",
    }
    with (folder / "ratings.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("userId", "movieId", "timestamp", "rating"))
        writer.writerows(
            (called.get(user, user), called.get(item, item), *rest)
            for user, item, *rest in events()
        )
    content = CONFIG.replace('items = "movies.csv"\nusers = "users.csv"\n', "")
    content = content.replace(
        '[data.item_features]\ntext = ["title"]\n\n[data.user_features]\ncategory = ["club"]\n', ""
    )
    (folder / "fusion.toml").write_text(content)
    for words in (("train", "--json"), ("publish",)):
        ended = call_main(folder, *words, *([newest(folder)] if words == ("publish",) else []))
        assert ended.code == 0, ended.err
    return folder


def test_light_verbs_load_nothing_heavy(own_shop):
    """A rollback must not wait for libraries that train: its process says what it loads."""
    heavy = (
        "torch",
        "lightgbm",
        "prefect",
        "evidently",
        "implicit",
        "sklearn",
        "alembic",
        "pandas",
    )
    script = (
        "import sys\nfrom flows.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    for words in (["rollback"], ["status"], ["runs"], ["show", "u1"], ["unfreeze"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *words],
            cwd=own_shop, env=environment(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr.splitlines()[-1] == "[]"


@pytest.fixture
def at_a_terminal():
    """Let SIGINT interrupt the commands of a test: background jobs of a shell ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("at_a_terminal")
def test_a_person_who_interrupts_gets_a_sentence(own_shop):
    before = live_lists(database(own_shop))
    # With all stages at hand the run would be over before a busy machine sends the signal.
    shutil.rmtree(own_shop / "runs" / "store")
    log = own_shop / "log"
    with (
        log.open("w") as err,
        subprocess.Popen(command("run"), cwd=own_shop, env=environment(), stderr=err) as running,
    ):
        while "run begun" not in log.read_text():
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        running.wait(timeout=60)
    assert running.returncode == 130
    assert "interrupted; `fusion status` says what is live" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert live_lists(database(own_shop)) == before
    assert query(database(own_shop), "select count(*) from run where status = 'ready'") == [(2,)]


def test_every_table_and_view_stands_in_the_database(shop):
    there = {row[0] for row in query(database(shop), "select name from sqlite_master")}
    assert (
        set(metadata.tables)
        | {"current_recommendations", "slot_recommendations", "current_fallback"}
        <= there
    )


@pytest.mark.faults
def test_the_dashboards_come_up_with_the_newest_run_and_end_on_request(own_shop):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        command("ui", "--port", str(port)),
        cwd=own_shop,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as serving:
        projects = None
        for _ in range(240):
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/api/projects", timeout=5
                ) as answer:
                    projects = json.load(answer)
                break
            except OSError:
                time.sleep(0.25)
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=60)
    assert [project["name"] for project in projects] == ["default"]
    assert serving.returncode == 0
    newest = max(own_shop.glob("runs/2*"))
    assert (newest / "report" / "drift.html").exists()
