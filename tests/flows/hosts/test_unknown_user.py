"""A user without name and home, as containers have them: a number that no file of users knows."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.flows.world import Ended, command, environment

NUMBER = 54_321
NAMES = ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME")
AS_NUMBER = (
    *("setpriv", "--reuid", str(NUMBER), "--regid", str(NUMBER), "--clear-groups"),
    # Python itself may lie where root alone may look. Writing stays bound to what the number owns.
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
)
DRAW = """
import sys
from pathlib import Path
from flows.session import Session
from flows.steps.watch.pages import draw_page
draw_page(Session.open(Path("fusion.toml")), sys.argv[1])
"""


def run_as_number(folder: Path, *words: str) -> Ended:
    unnamed = {key: value for key, value in environment().items() if key not in NAMES}
    done = subprocess.run(
        [*AS_NUMBER, *words],
        cwd=folder,
        env=unnamed,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def owned_shop(shop):
    """A shop that belongs to the number, whose training finds its stages in the store."""
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root may become another user")
    # Not in the folder of temporary files of pytest, which nobody else may enter.
    with TemporaryDirectory() as root:
        owned = shutil.copytree(shop, Path(root) / "shop")
        for place in [Path(root), owned, *owned.rglob("*")]:
            os.chown(place, NUMBER, NUMBER)
        tried = run_as_number(owned, sys.executable, "-c", "open('/unknown', 'w')")
        if "PermissionError" not in tried.err:
            pytest.skip(f"becoming another user is not allowed here: {tried.err}")
        yield owned


@pytest.mark.faults
def test_a_number_without_a_home_checks_runs_and_draws(owned_shop):
    checked = run_as_number(owned_shop, *command("check", "--json"))
    assert (checked.code, checked.err.count("Traceback")) == (0, 0), checked
    ended = run_as_number(owned_shop, *command("run", "--json"))
    assert ended.code in (0, 4), ended
    run_id = ended.json["run"]["id"]
    status = run_as_number(owned_shop, *command("status", "--json"))
    assert status.json["live"]["run_id"] == run_id
    assert f"uid {NUMBER}" in status.out
    drawn = run_as_number(owned_shop, sys.executable, "-c", DRAW, run_id)
    assert drawn.code == 0, drawn
    assert (owned_shop / "runs" / run_id / "report" / "drift.html").exists()
    assert not (owned_shop / "~").exists(), "nobody took the sign of a home for a folder's name"
