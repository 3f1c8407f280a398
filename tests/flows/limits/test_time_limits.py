"""Stages and runs that take too long are named, ended with their children, and end with 75."""

import json
import os
import pty
import shutil
import subprocess
import sys
import time

import pytest

from flows.session import Session
from flows.settings import read_config
from flows.steps import time_limits
from flows.steps.time_limits import RUN_SECONDS, STAGE_SECONDS, limited
from fusion.config import CoreConfig
from fusion.config.sections import LimitSettings
from fusion.errors import TookTooLong
from fusion.training.sources import source_limits
from tests.flows.calling import call_main
from tests.flows.world import Ended, database, environment, live_lists, query

HANGING = """
import subprocess, sys, time
from pathlib import Path
{imports}
from flows.steps import time_limits
time_limits.GRACE = 1.0
def hang(*_args, **_more):
    child = subprocess.Popen(["sleep", "600"])
    Path("child").write_text(str(child.pid))
    while True:
        {pause}
{place} = hang
sys.argv = ["fusion", *sys.argv[1:]]
from flows.cli.main import main
main()
"""
IN_A_SOURCE = HANGING.format(
    imports="from fusion.models.ease import Ease", pause="time.sleep(60)", place="Ease.fit"
)
"""A source of ours that hangs in a thread of the main process."""
WHILE_READING = HANGING.format(
    imports="from flows.steps.train import inputs", pause="time.sleep(60)", place="inputs.load"
)
SWALLOWING = HANGING.format(
    imports="from flows.steps.train import inputs",
    pause="\n".join(["try: time.sleep(60)", "        except BaseException: pass"]),
    place="inputs.load",
)
"""The main thread, which ends nothing when it is interrupted."""


def run_hanging(folder, script, *words, **limits):
    shutil.rmtree(folder / "runs" / "store" / "fit")  # else nothing would be fitted
    words = [sys.executable, "-c", script, *words]
    # Files, not pipes: what is left running would hold these open.
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        ended = subprocess.run(
            words,
            cwd=folder,
            env=environment(**limits),
            stdout=out,
            stderr=err,
            timeout=100,
            check=False,
        )
    return Ended(ended.returncode, (folder / "out").read_text(), (folder / "err").read_text())


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().split()[2] != "Z"


def test_a_source_that_hangs_ends_the_run_with_75_and_its_stage(own_shop):
    """Later nights were cancelled, one after the other."""
    lists = live_lists(database(own_shop))
    ended = run_hanging(own_shop, IN_A_SOURCE, "run", "--json", FUSION_LIMITS__STAGE_SECONDS="6")
    assert ended.code == 75, ended.err
    told = ended.json
    assert told["exit_code"] == 75
    assert "stage 'fit ease on label-" in told["error"]
    assert "took longer than 6 s ([limits] stage_seconds)" in told["error"]
    statement = "select status, manifest from run order by run_no desc limit 1"
    status, manifest = query(database(own_shop), statement)[0]
    assert status == "failed"
    assert "stage 'fit ease on label-" in json.loads(manifest)["error"]
    assert not is_running(int((own_shop / "child").read_text()))
    assert live_lists(database(own_shop)) == lists
    again = call_main(own_shop, "run")
    assert again.code in (0, 4), again.err


@pytest.mark.parametrize("script", [WHILE_READING, SWALLOWING], ids=["in order", "killed"])
def test_the_main_thread_that_hangs_is_interrupted_or_killed(own_shop, script):
    ended = run_hanging(own_shop, script, "run", FUSION_LIMITS__RUN_SECONDS="2")
    assert ended.code == 75, ended.err
    assert "error the run (in stage 'load') took longer than 2 s" in ended.err
    assert "Traceback" not in ended.err
    if script is SWALLOWING:
        assert not is_running(int((own_shop / "child").read_text()))


def session_of(shop, attended, **limits):
    config = read_config(shop / "fusion.toml")
    config = config.model_copy(update={"limits": LimitSettings(**limits)})
    return Session(config, shop, attended=attended)


def test_limits_are_for_runs_that_nobody_watches(shop, monkeypatch):
    given = []
    monkeypatch.setattr(time_limits.TimeLimits, "start", lambda self: None)
    monkeypatch.setattr(time_limits.TimeLimits, "end", lambda self: None)
    for attended, limits in (
        (False, {}),
        (True, {}),
        (True, {"stage_seconds": 5.0}),
        (False, {"run_seconds": 9.0}),
    ):
        with limited(session_of(shop, attended, **limits)) as held:
            given.append((held._stage, held._run))
    assert given == [
        (STAGE_SECONDS, RUN_SECONDS),
        (None, None),
        (5.0, None),
        (STAGE_SECONDS, 9.0),
    ]


def test_a_terminal_is_known_by_standard_input(shop):
    script = "from flows.session import has_terminal; print(has_terminal())"
    words = [sys.executable, "-c", script]
    main, terminal = pty.openpty()
    try:
        answers = [
            subprocess.run(
                words, stdin=stdin, env=environment(), stdout=subprocess.PIPE, check=True
            ).stdout
            for stdin in (terminal, subprocess.DEVNULL)
        ]
    finally:
        os.close(main)
        os.close(terminal)
    assert answers == [b"True\n", b"False\n"]


def test_steps_within_their_limit_are_left_alone(shop, monkeypatch):
    monkeypatch.setattr(time_limits, "LOOK_EVERY", 0.01)
    session = session_of(shop, False, stage_seconds=0.3)
    with limited(session):
        for step in range(4):
            session.timer(f"step {step}", lambda: time.sleep(0.1))


def test_a_step_that_is_interrupted_may_be_gone_on_from(shop, monkeypatch):
    """Monitoring that takes too long leaves the run published, and what follows is done."""
    monkeypatch.setattr(time_limits, "LOOK_EVERY", 0.01)
    session = session_of(shop, False, stage_seconds=0.2)
    with limited(session):
        with pytest.raises(TookTooLong, match="stage 'monitor' took longer than"):
            session.timer("monitor", lambda: time.sleep(30))
        session.timer("prune", lambda: time.sleep(0.05))


def test_a_source_of_a_package_is_left_out_before_its_stage_ends_the_run():
    assert source_limits(CoreConfig()).seconds == 3600
    short = CoreConfig(limits={"stage_seconds": 100})
    assert source_limits(short).seconds == pytest.approx(90)
