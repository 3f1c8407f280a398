"""Refusals of verbs over runs: their cures are carried out.

The runs are those of the shop; nothing is trained but by the first run of a bare shop.
"""

import re
import shutil
import socket

import pytest

from dashboards.evidently.workspace import application
from dashboards.web.server import _bind
from flows.session import Session
from flows.steps.watch import monitor as monitoring
from flows.steps.watch.pages import draw_newest
from fusion.errors import FusionError
from fusion.runs.manifest_file import read_manifest
from fusion.runs.run_folder import RunFolder
from fusion.training import fits
from storage.connect import open_reader
from tests.flows.cures import test_refusals
from tests.flows.cures.shelf import Shelf, execute, typed
from tests.flows.cures.sites import sites
from tests.flows.cures.unwalked import UNWALKED, WALKED
from tests.fusion.runs.test_damage import DAMAGES


def test_every_site_that_refuses_has_its_cure_walked_or_a_reason():
    walked = {refusal.site for refusal in test_refusals.REFUSALS} | WALKED
    functions = {name: name.partition("#")[0] for name in sites()}
    excused = {name for name, function in functions.items() if {name, function} & set(UNWALKED)}
    assert walked.isdisjoint(excused)
    missing = set(sites()) - walked - excused
    assert missing == set(), "each needs a case, or a reason in unwalked.py"
    assert walked <= set(sites()), "cases of what is not there any more"
    # A reason for what is not there any more goes, too.
    assert set(UNWALKED) <= {*functions, *functions.values()}


@pytest.fixture
def runs(own_shop):
    """A copy of the shop, and the ids of its runs, the live one last."""
    shelf = Shelf(own_shop)
    return shelf, [run["run_id"] for run in shelf.call("runs", "--json").json][::-1]


def refused(shelf, site, *words):
    """Call a verb that ends at a site; returns its message."""
    called = shelf.call(*words)
    assert sites()[site].made(called.message), called.message
    return called.message


class Began(Exception):
    """What was refused before began."""


def begin(*_args):
    raise Began


def goes_on(shelf, *words):
    called = shelf.call(*words)
    assert not called.message, called.message


def in_gate(shelf, line):
    shelf.configure("[gate]\n", f"[gate]\n{line}\n")


def test_a_first_run_ends_every_refusal_that_names_it(tmp_path, bare):
    shelf = Shelf(shutil.copytree(bare, tmp_path / "shop"))
    url = f"sqlite:///{shelf.folder}/fusion.db"
    shelf.configure("trials = 2", "trials = 0")
    messages = []

    def opened():
        try:
            open_reader(url).dispose()
        except FusionError as failure:
            return str(failure)
        return ""

    assert sites()["storage/connect.py:require_file"].made(opened())
    messages.append(opened())
    execute(shelf, "create table mine (a)")
    assert sites()["storage/connect.py:_require_views"].made(opened())
    messages.append(opened())
    messages.append(refused(shelf, "storage/schema/inspection.py:require_whole#2", "show", "u1"))
    with pytest.raises(FusionError) as undrawn:
        application(shelf.folder / "runs" / "workspace")
    assert sites()["dashboards/evidently/workspace.py:application"].made(str(undrawn.value))
    messages.append(str(undrawn.value))
    messages.append(shelf.call("status").out)
    assert [message for message in messages if "`fusion run`" not in message] == []
    assert shelf.call("run").code in (0, 4)
    assert opened() == ""
    for words in (("show", "u1"), ("diff", "live", "live")):
        goes_on(shelf, *words)
    assert "Nothing is live" not in shelf.call("status").out
    session = Session.open(shelf.folder / "fusion.toml")
    draw_newest(session)
    assert list(session.workspace.glob("*/metadata.json"))


def test_a_port_that_is_taken_and_another():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(FusionError, match="choose another with --port") as refusal:
            _bind("127.0.0.1", taken.getsockname()[1])
    assert sites()["dashboards/web/server.py:_bind"].made(str(refusal.value))
    _bind("127.0.0.1", 0).close()


def test_a_freeze(runs):
    shelf, (_, last) = runs
    message = refused(
        shelf, "flows/cli/options/times.py:parse_span", "rollback", "--freeze", "soon"
    )
    for span in re.search(r"write (\w+), (\w+) or (\w+)", message).groups():
        goes_on(shelf, "rollback", "--to", last, "--freeze", span)
    goes_on(shelf, "rollback", "--freeze", "24h")
    message = refused(shelf, "storage/slots/slot_moves.py:refuse_frozen", "publish", last)
    typed(message, shelf)
    goes_on(shelf, "publish", last)


def test_an_unknown_run(runs):
    shelf, (first, last) = runs
    unknown = f"{first[:-1]}x"
    message = refused(shelf, "storage/runs/runs.py:find_run#2", "publish", unknown)
    meant = re.search(r"Did you mean '(.+?)'", message)[1]
    goes_on(shelf, "publish", meant, "--allow-older")
    goes_on(shelf, "publish", last)
    site = "storage/slots/publish.py:_rollback_target#3"
    message = refused(shelf, site, "rollback", "--to", unknown)
    goes_on(shelf, "rollback", "--to", re.search(r"Did you mean '(.+?)'", message)[1])


def test_no_challenger_and_another_challenger(runs):
    shelf, (first, last) = runs
    message = refused(shelf, "storage/slots/challenger.py:no_challenger", "approve")
    assert "`approve = true` in [gate]" in message
    in_gate(shelf, "approve = true")
    goes_on(shelf, "publish", first)
    site = "flows/steps/publish/publish.py:approve_run"
    message = refused(shelf, site, "approve", last)
    typed(message, shelf)
    goes_on(shelf, "approve", re.search(r"is run (\S+),", message)[1], "--allow-older")


@pytest.mark.parametrize(
    ("words", "site"),
    [
        (("publish",), "flows/steps/publish/publish.py:find_ready_run"),
        (("diff", "live"), "flows/steps/watch/compare.py:_run_with_lists"),
    ],
)
def test_a_run_that_is_not_ready(runs, words, site):
    shelf, (first, last) = runs
    # A failed run would be loaded from its folder.
    status = "rejected" if words == ("publish",) else "failed"
    execute(shelf, f"update run set status = '{status}' where run_id = '{first}'")
    message = refused(shelf, site, *words, first)
    typed(message, shelf)
    ready = [run for run in shelf.call("runs", "--json").json if run["status"] == "ready"]
    goes_on(shelf, *words, ready[0]["run_id"])
    assert ready[0]["run_id"] == last


def test_a_run_folder_that_is_gone(runs, monkeypatch):
    shelf, (_, last) = runs
    folder = shelf.folder / "runs" / last
    backup = shutil.copytree(folder, shelf.folder / "backup")
    shutil.rmtree(folder)
    site = "flows/steps/watch/monitor.py:_require_folders#1"
    assert "Put it back from a backup" in refused(shelf, site, "monitor")
    shutil.copytree(backup, folder)
    # Reading the samples is next: a report would take seconds.
    monkeypatch.setattr(monitoring, "read_pairs", begin)
    assert isinstance(shelf.call("monitor").failure, Began)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_run_folder_that_is_damaged(runs, damage, monkeypatch):
    """Whatever file it is, monitoring ends before it reads any."""
    shelf, ids = runs
    site = "flows/steps/run_damage.py:require_whole"
    monkeypatch.setattr(monitoring, "read_pairs", begin)
    for folder in (shelf.folder / "runs" / run_id for run_id in ids):
        backup = shutil.copytree(folder, shelf.folder / "backup" / folder.name)
        for name in read_manifest(folder)["files"]:
            damage(folder / name)
            message = refused(shelf, site, "monitor")
            assert f"run folder {folder} is damaged: {name} " in message
            assert "Put the folder back from a backup" in message
            shutil.copyfile(backup / name, folder / name)
    assert isinstance(shelf.call("monitor").failure, Began)


@pytest.mark.parametrize("words", [("show", "u1"), ("show", "nobody"), ("diff", "live", "live")])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_of_titles(runs, words, damage):
    shelf, (_, last) = runs
    titles = RunFolder(shelf.folder / "runs" / last).titles
    whole = titles.read_bytes()
    damage(titles)
    ended = shelf.call(*words)
    assert ended.code == 2
    refused(shelf, "flows/steps/run_damage.py:require_whole", *words)
    titles.write_bytes(whole)
    goes_on(shelf, *words)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"files": 5}'])
def test_a_damaged_manifest(runs, content):
    shelf, (_, last) = runs
    RunFolder(shelf.folder / "runs" / last).manifest.write_bytes(content)
    for words in (("monitor",), ("show", "u1"), ("diff", "live", "live")):
        message = refused(shelf, "flows/steps/run_damage.py:require_whole", *words)
        assert "is damaged: manifest.json " in message


def test_a_run_that_somebody_wrote_into_the_table(runs):
    shelf, (first, _) = runs
    execute(shelf, f"update run set run_id = '../{first}' where run_no = 1")
    site = "fusion/runs/run_folder.py:folder_of#1"
    assert "delete that row" in refused(shelf, site, "monitor")
    execute(shelf, "delete from slot_move", "delete from run where run_no = 1")
    goes_on(shelf, "show", "u1")
    goes_on(shelf, "prune", "--dry-run")


def test_a_run_folder_that_is_a_link(runs):
    shelf, (_, last) = runs
    folder, elsewhere = shelf.folder / "runs" / last, shelf.folder / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    site = "fusion/runs/run_folder.py:folder_of#2"
    assert "move the folder itself there" in refused(shelf, site, "show", "u1")
    folder.unlink()
    elsewhere.rename(folder)
    goes_on(shelf, "show", "u1")


def test_nothing_due(runs, monkeypatch):
    shelf, _ = runs
    shown = shelf.call("retrain").out
    assert "Not due (cooldown)" in shown
    monkeypatch.setattr(fits, "_fit_side_by_side", begin)
    assert "`fusion retrain --force`" in shown
    assert isinstance(shelf.call("retrain", "--force").failure, Began)
