"""Live and challenger by the loop and the command line: held, approved, rejected."""

import shutil
import subprocess
from datetime import timedelta

import pytest

from flows.cli.screens.json_summary import outcome_summary
from flows.cli.screens.outcome import describe_publication
from flows.session import Session
from flows.steps.publish.publish import approve_run, publish_run
from flows.steps.retrain.loop import Outcome, run_loop
from fusion.errors import Refused
from storage.reading.live_run import live
from storage.reading.read import history
from storage.runs.runs import runs
from storage.slots.challenger import reject
from storage.slots.publish import rollback
from tests.flows.calling import call_main
from tests.flows.world import command, database, environment, live_lists, query

VIEW = "select distinct slot, run_id, placement from slot_recommendations order by placement, slot"


@pytest.fixture
def mail(own_runs):
    """A second configuration over the same database: placement mail, every run wants approval."""
    config = (own_runs.base / "fusion.toml").read_text()
    config = config.replace("[lists]\n", '[lists]\nplacement = "mail"\n').replace(
        "[gate]\n", "[gate]\napprove = true\n"
    )
    file = own_runs.base / "mail.toml"
    file.write_text(config + '\n[artifacts]\npath = "mail"\n')
    shutil.copytree(own_runs.runs / "store", own_runs.base / "mail" / "store")
    session = Session.open(file, by="mia")
    yield session
    session.engine.dispose()


def slots(session: Session) -> tuple[str | None, str | None]:
    shown = [live(session.engine, session.placement, name) for name in ("live", "challenger")]
    return tuple(one.run.run_id if one else None for one in shown)


def test_placements_of_several_configurations_never_touch(own_runs, mail):
    url, before = own_runs.engine.url.render_as_string(hide_password=False), slots(own_runs)
    lists, moves = live_lists(url), history(own_runs.engine, "default")
    done = run_loop(mail)
    assert (done.published.is_challenger, done.refusals) == (True, ())
    assert done.exit_code == (4 if done.monitored.alerts else 0)
    first = done.trained.run_id
    assert slots(mail) == (None, first)
    with pytest.raises(Refused, match="placement 'default' has no challenger"):
        approve_run(own_runs, "not mine")
    approve_run(mail, "looks well")
    second = run_loop(mail).trained.run_id
    assert slots(mail) == (first, second)
    assert query(url, VIEW) == [
        ("live", before[0], "default"),
        ("challenger", second, "mail"),
        ("live", first, "mail"),
    ]
    with pytest.raises(Refused, match="not"):
        approve_run(mail, "looked at the first", first)
    rollback(own_runs.engine, "default", freeze=timedelta(hours=1), by="bea", reason="odd")
    approve_run(mail, "looks well too", second)  # the freeze of default does not hold mail
    reject_again = pytest.raises(Refused, match="placement 'mail' has no challenger")
    with reject_again:
        reject(mail.engine, "mail", by="mia", reason="nothing there")
    assert rollback(mail.engine, "mail", by="mia", reason="back").to_run_id == first
    assert [
        row for row in live_lists(url) if row[-1] == "default"
    ] != lists  # by its own rollback alone
    assert history(own_runs.engine, "default")[:-1] == moves
    assert {run.placement for run in runs(mail.engine, "mail")} == {"mail"}
    kept = history(mail.engine, "mail", "challenger")
    assert [(move.action, move.to_run_id, move.by) for move in kept] == [
        ("publish", first, "mia"),
        ("approve", None, "mia"),
        ("publish", second, "mia"),
        ("approve", None, "mia"),
    ]


def test_a_run_that_takes_the_place_of_one_that_waits_says_so(own_runs):
    newest, oldest = (run.run_id for run in runs(own_runs.engine, "default"))
    first, second = (publish_run(own_runs, run_id, hold=True) for run_id in (oldest, newest))
    assert (first.replaced, second.replaced) == (None, oldest)
    assert [outcome_summary(Outcome(published=one))["replaced"] for one in (first, second)] == [
        None,
        oldest,
    ]
    assert f"It takes the place of run {oldest}, which waited there." in describe_publication(
        second
    )
    assert "takes the place" not in describe_publication(first)
    again = publish_run(own_runs, newest, hold=True)
    assert (again.replaced, again.move) == (None, second.move)
    assert "takes the place" not in describe_publication(again)
    kept = history(own_runs.engine, "default", "challenger")
    assert [(move.from_run_id, move.to_run_id, move.by) for move in kept] == [
        (None, oldest, "bea"), (oldest, newest, "bea")
    ]  # fmt: skip
    reject(own_runs.engine, "default", by="bea", reason="neither")
    assert publish_run(own_runs, oldest, hold=True).replaced is None
    assert publish_run(own_runs, newest).replaced is None


def test_hold_diff_reject_approve_by_the_command_line(own_shop):
    url = database(own_shop)
    before, shown = live_lists(url), call_main(own_shop, "status", "--json").json["live"]["run_id"]
    held = call_main(own_shop, "run", "--as-of", "2020-12-20", "--hold", "--by", "ann", "--json")
    assert held.code in (0, 4), held.err
    run = held.json["run"]["id"]
    assert (held.json["published"], held.json["held"], held.json["run"]["status"]) == (
        False,
        True,
        "ready",
    )
    assert live_lists(url) == before
    found = call_main(own_shop, "status", "--json").json
    assert (found["live"]["run_id"], found["challenger"]["run_id"]) == (shown, run)
    assert (found["challenger"]["by"], found["live"]["frozen_until"]) == ("ann", None)
    seen = call_main(own_shop, "diff", "live", "challenger", "--json").json
    assert (seen["from"], seen["to"], [one["run_id"] for one in seen["verdicts"]]) == (
        shown,
        run,
        [shown, run],
    )
    assert seen["groups"][0]["users"] == 90
    screen = call_main(own_shop, "diff", "live", "challenger").out
    for words in (
        "of 90 users see another list",
        "Biggest movers",
        "NDCG@10",
        f"fusion approve {run}",
    ):
        assert words in screen
    assert f"Challenger: run {run}" in call_main(own_shop, "status").out
    assert call_main(own_shop, "reject").code == 2
    assert call_main(own_shop, "reject", "--why", "too many 'sequels'", "--by", "bea").code == 0
    assert call_main(own_shop, "approve").code == 1
    assert call_main(own_shop, "status", "--json").json["challenger"] is None
    assert call_main(own_shop, "publish", run, FUSION_GATE__APPROVE="true").code == 0
    call_main(own_shop, "rollback", "--freeze", "1h")
    frozen = call_main(own_shop, "approve", "--allow-older")
    assert (frozen.code, "frozen until" in frozen.err) == (1, True)
    assert call_main(own_shop, "unfreeze").code == 0
    approved = call_main(own_shop, "approve", run, "--allow-older", "--by", "cy", "--json")
    assert (approved.code, approved.json["move"]["action"], approved.json["move"]["by"]) == (
        0,
        "approve",
        "cy",
    )
    assert query(url, "select distinct run_id from current_recommendations") == [(run,)]
    rows = query(
        url,
        "select name, action, \"by\", reason from slot_move where name = 'challenger' order by id",
    )
    assert [(row[1], row[2]) for row in rows[:2]] == [("publish", "ann"), ("reject", "bea")]
    assert rows[1][3] == "too many 'sequels'"


def test_publishes_at_once_by_the_command_line_are_never_a_mixture(own_runs):
    """Two processes, each with another run: both end well or with 75, and one list is whole."""
    newest, oldest = runs(own_runs.engine, "default")
    rollback(own_runs.engine, "default", by="bea", reason="back to the oldest")
    publish_run(own_runs, newest.run_id, hold=True)
    url = own_runs.engine.url.render_as_string(hide_password=False)
    asked = (["publish", newest.run_id], ["approve"], ["publish", oldest.run_id, "--allow-older"])
    running = [
        subprocess.Popen(
            command(*words),
            cwd=own_runs.base,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for words in asked
    ]
    told = [process.communicate(timeout=120)[1].decode() for process in running]
    assert {process.returncode for process in running} <= {0, 75}, told
    moves = history(own_runs.engine, "default")
    assert [move.from_run_id for move in moves[1:]] == [move.to_run_id for move in moves[:-1]]
    shown = query(url, "select run_id, count(*) from current_recommendations group by run_id")
    assert shown == [(moves[-1].to_run_id, 90 * 5)]
    assert slots(own_runs)[1] is None
