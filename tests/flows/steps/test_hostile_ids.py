"""Rows of `run` that somebody else wrote: whatever their ids say, no verb leaves our folder."""

import shutil

import pytest

from flows.session import Session
from flows.steps.keep.erase import forget
from flows.steps.keep.prune import prune
from flows.steps.publish.publish import publish_run
from flows.steps.show.user_lists import user_list
from flows.steps.watch.compare import compare
from flows.steps.watch.monitor import monitor_run
from fusion.errors import DataError
from tests.flows.calling import call_main
from tests.flows.steps.test_prune import FEW, change, older
from tests.flows.world import database, query

HOSTILE = ("../../precious", ".", "..", "store", "20200101-000000-abcdef/../../../precious")


def files_below(folder) -> dict[str, bytes]:
    """Every file, but those of the database, which opening it touches."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file): file.read_bytes() for file in files if "fusion.db" not in file.name}


@pytest.fixture
def attacked(own_shop, tmp_path):
    """A shop with an old run that may go, and a folder outside that looks like a run's."""
    (name,) = older(own_shop, 1)
    shutil.copytree(own_shop / "runs" / name, tmp_path / "precious")
    config = own_shop / "fusion.toml"
    config.write_text(config.read_text() + FEW)
    return own_shop, name


@pytest.mark.parametrize("run_id", HOSTILE)
def test_prune_removes_nothing_under_a_hostile_id_and_says_why(run_id, attacked, tmp_path):
    shop, name = attacked
    change(database(shop), "update run set run_id = :to where run_id = :was", to=run_id, was=name)
    session = Session.open(shop / "fusion.toml")
    before = files_below(tmp_path)
    for dry_run in (True, False):
        pruned = prune(session, dry_run)
        assert run_id not in [run.run_id for run in pruned.runs]
        assert "no id that a training gives" in pruned.kept[run_id]
    after = files_below(tmp_path)
    # The folder under the old name is nobody's now, and stays as well. Stages may go, and the lock
    # of the folder says who held it last.
    kept = [file for file in before if "/store/" not in file and "/.lock/" not in file]
    assert {file: after.get(file) for file in kept} == {file: before[file] for file in kept}
    session.engine.dispose()


def test_verbs_that_read_a_folder_refuse_a_hostile_id(attacked, tmp_path):
    shop, name = attacked
    url = database(shop)
    live = query(url, "select run_id from slot join run using (run_no) where name = 'live'")[0][0]
    session = Session.open(shop / "fusion.toml")
    before = files_below(tmp_path)
    for run_id in HOSTILE:
        change(url, "update run set run_id = :to where run_id = :was", to=run_id, was=live)
        for verb in (
            lambda: user_list(session, "u1"),
            lambda: monitor_run(session),
            lambda: monitor_run(session, name, against="live"),
            lambda: compare(session, "live", name),
            lambda: compare(session, name, "live"),
        ):
            with pytest.raises(DataError, match="no id that a training gives"):
                verb()
        live = run_id
    session.engine.dispose()
    assert files_below(tmp_path) == before
    ended = call_main(shop, "show", "u1")
    assert (ended.code, "Traceback" in ended.err) == (2, False)


def test_a_hostile_id_is_not_published(attacked, tmp_path):
    shop, name = attacked
    url = database(shop)
    before = files_below(tmp_path)
    change(url, "update run set run_id = '../../precious' where run_id = :was", was=name)
    session = Session.open(shop / "fusion.toml")
    with pytest.raises(DataError, match="no id that a training gives"):
        publish_run(session, "../../precious")
    session.engine.dispose()
    assert files_below(tmp_path) == before


def test_forget_amends_no_folder_outside(attacked, tmp_path, monkeypatch):
    shop, name = attacked
    monkeypatch.setenv("FUSION_FORGET_KEY", "k" * 32)
    change(database(shop), "update run set run_id = '../../precious' where run_id = :was", was=name)
    precious = files_below(tmp_path / "precious")
    session = Session.open(shop / "fusion.toml")
    forget(session, ["u1"])
    session.engine.dispose()
    assert files_below(tmp_path / "precious") == precious
