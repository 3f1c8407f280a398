"""The same lists to the bit, whoever fits: threads, processes, or any number of Dask's workers."""

import ast
from pathlib import Path

import pytest

import fusion
from fusion.errors import ExecutorLost, MissingExtra
from fusion.models.base.registry import offered
from fusion.training.elsewhere.session import HANDED
from fusion.training.pipeline import train
from tests.fusion.compute.machines import (
    A_FIT,
    A_PART_OF_A_TABLE,
    A_PART_OF_THE_LISTS,
    killing_scheduler,
    killing_workers,
    machines,
)
from tests.fusion.hostile import installing
from tests.fusion.making import config, context_of
from tests.fusion.training.elsewhere import ruled_world
from tests.fusion.training.elsewhere.ruled_world import small_parts
from tests.fusion.whole import file_digests, status

QUICK = ("popularity", "als", "item_knn")
WARM = {
    "name": "neural",
    "refit": "warm",
    "settings": {"size": 8, "steps": 40, "check": 10, "negatives": 32, "encoder": "none"},
}


@pytest.fixture(scope="module", autouse=True)
def noted():
    """Stage, name and users of each part that others made: of a few users each."""
    with small_parts() as noted:
        yield noted


@pytest.fixture(autouse=True)
def nothing_noted(noted):
    noted.clear()


def context_with(root, data, sources=QUICK, **compute):
    return context_of(root, data, config(sources, compute=compute, tune={"trials": 2}))


@pytest.fixture(scope="module")
def packaged(tmp_path_factory):
    """An installed package with a source that is fine, and one that dies as it is fitted."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("site")
        installing.offer(folder, patch, fine="sources:Fine", crashes="sources:CrashesInFit")
        yield (*QUICK, WARM, "fine", "crashes")
    offered.cache_clear()


@pytest.fixture(scope="module")
def local(data, tmp_path_factory):
    return train(context_with(tmp_path_factory.mktemp("local"), data))


@pytest.fixture(scope="module")
def local_of_all(data, packaged, tmp_path_factory):
    return train(context_with(tmp_path_factory.mktemp("local"), data, packaged))


def require_same(trained, local):
    assert trained.lists.name == local.lists.name
    assert file_digests(trained.lists) == file_digests(local.lists)
    assert status(trained) == status(local)
    assert trained.tuned == local.tuned


def require_parts(noted, data):
    """Tables and lists were made in parts, each user's in one."""
    assert {stage for stage, _, _ in noted} == {"table", "lists"}
    of_lists = [users for stage, _, users in noted if stage == "lists"]
    assert len(of_lists) > 3
    assert sum(of_lists) == (data.user_counts > 0).sum()


@pytest.mark.parametrize(("name", "n_workers"), [("processes", 1), ("dask", 2)])
def test_the_same_lists_whoever_fits(name, n_workers, data, local, noted, tmp_path):
    context = context_with(tmp_path, data, executor=name, workers=n_workers)
    require_same(train(context), local)
    require_parts(noted, data)
    # What was handed over went with the training, and so did all attempts.
    assert list((tmp_path / "store" / HANDED).iterdir()) == []
    assert list(tmp_path.rglob("attempt-*")) == []


@pytest.fixture(scope="module")
def ruled(data, tmp_path_factory):
    return ruled_world.trained(tmp_path_factory.mktemp("ruled"), ruled_world.known(data))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("name", "n_workers"),
    [("processes", 1), ("processes", 2), ("dask", 1), ("dask", 2), ("dask", 4)],
)
def test_the_same_lists_under_rules(name, n_workers, data, ruled, noted, tmp_path):
    """Whatever lists and tables read: rules, prices, live lists, texts, facts, queries, priors."""
    world = ruled_world.known(data)
    trained = ruled_world.trained(tmp_path, world, executor=name, workers=n_workers)
    require_same(trained, ruled)
    require_parts(noted, data)
    # Not by their content alone: row groups, and rows that rules moved, are the same too.
    files = {file.relative_to(ruled.lists): file.read_bytes() for file in ruled.lists.iterdir()}
    assert {
        file.relative_to(trained.lists): file.read_bytes() for file in trained.lists.iterdir()
    } == files
    tables = {file.parent.name: file.read_bytes() for file in tables_of(ruled)}
    assert {file.parent.name: file.read_bytes() for file in tables_of(trained)} == tables


def tables_of(trained):
    return list(trained.lists.parents[1].glob("table/*/table.parquet"))


@pytest.mark.faults
@pytest.mark.parametrize(("name", "n_workers"), [("processes", 2), ("dask", 1), ("dask", 4)])
def test_the_same_lists_with_warm_fits_and_packages(
    name, n_workers, data, packaged, local_of_all, tmp_path
):
    context = context_with(tmp_path, data, packaged, executor=name, workers=n_workers)
    require_same(train(context), local_of_all)
    assert "its process was ended by" in status(local_of_all)["crashes"]


def test_what_is_in_the_store_needs_no_worker(data, local):
    """A run that finds every stage hands nothing over: keys do not know who made what."""
    root = local.lists.parents[2]
    before = {file: file.stat().st_mtime_ns for file in root.rglob("*") if file.is_file()}
    again = train(context_with(root, data, executor="processes", workers=1))
    assert again.lists == local.lists
    assert {file: file.stat().st_mtime_ns for file in root.rglob("*") if file.is_file()} == before


def test_without_the_extra_the_command_is_named(data, monkeypatch, tmp_path):
    monkeypatch.setattr("fusion.core.extras.is_installed", lambda extra: extra != "scale")
    context = context_with(tmp_path, data, executor="dask", workers=1)
    with pytest.raises(MissingExtra, match=r"needs the extra scale: pip install .*\[scale\]'"):
        train(context)


def test_the_local_executor_imports_no_dask():
    """None of our modules does as it is imported: the one that needs it does so in a function."""
    for file in Path(fusion.__file__).parent.rglob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module or ""} if isinstance(node, ast.ImportFrom) else set()
            assert not {name.partition(".")[0] for name in names} & {"dask", "distributed"}, file


@pytest.mark.faults
@pytest.mark.parametrize("name", ["processes", "dask"])
@pytest.mark.parametrize("work", [A_FIT, A_PART_OF_A_TABLE, A_PART_OF_THE_LISTS])
def test_workers_that_are_killed_at_their_work_change_no_bit(
    name, work, data, local, tmp_path, moment
):
    context = context_with(tmp_path, data, executor=name, workers=2)
    with killing_workers(tmp_path / "store", work, most=2) as killed:
        trained = train(context)
    assert killed
    moment(f"workers of {name} killed")
    require_same(trained, local)


@pytest.mark.faults
def test_the_same_lists_by_workers_that_somebody_started(data, local, tmp_path):
    with machines(tmp_path, n_workers=2) as scheduler:
        context = context_with(tmp_path, data, executor="dask", scheduler=scheduler)
        require_same(train(context), local)


@pytest.mark.faults
def test_a_scheduler_that_is_killed_ends_the_run_and_the_next_one_goes_on(
    data, local, tmp_path, moment
):
    with machines(tmp_path, n_workers=1) as scheduler:
        context = context_with(tmp_path, data, executor="dask", scheduler=scheduler)
        with (
            killing_scheduler(tmp_path) as killed,
            pytest.raises(ExecutorLost, match="run the same command again") as lost,
        ):
            train(context)
    assert killed
    moment("Dask's scheduler killed")
    assert lost.value.exit_code == 75
    kept = set((tmp_path / "store").glob("*/[0-9a-f]*"))
    assert kept
    made = {path: path.stat().st_mtime_ns for stage in kept for path in stage.iterdir()}
    trained = train(context_with(tmp_path, data))
    assert {path: path.stat().st_mtime_ns for path in made} == made
    require_same(trained, local)
