"""Workers that see nothing of the training's folder: the same lists, by the store they share."""

import subprocess

import pytest

from fusion.errors import ExecutorLost, StoreLost, WorkerRefused
from fusion.runs.stages.remote import MANIFEST, Remote
from fusion.training.elsewhere import courier as couriers
from fusion.training.elsewhere.far_worker import CACHE, HANDED, MADE
from fusion.training.pipeline import train
from tests.fusion.compute.machines import killing_workers, machines
from tests.fusion.making import config, context_of
from tests.fusion.training.elsewhere import ruled_world
from tests.fusion.training.elsewhere.ruled_world import small_parts
from tests.fusion.whole import file_digests, status
from tests.s3_server import BUCKET, NEEDS_S3, s3_server

QUICK = ("popularity", "als", "item_knn")
HIDES = subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0
pytestmark = [
    NEEDS_S3,
    pytest.mark.skipif(not HIDES, reason="no folder can be hidden from a process here"),
]


@pytest.fixture(scope="module")
def server():
    with s3_server() as started:
        yield started


@pytest.fixture(scope="module", autouse=True)
def noted():
    """Stage, name and users of each part that others made: of a few users each."""
    with small_parts() as noted:
        yield noted


@pytest.fixture(scope="module")
def local(data, tmp_path_factory):
    return train(context_with(tmp_path_factory.mktemp("local"), data))


def context_with(root, data, store=None, **compute):
    more = {"compute": compute, "artifacts": {"store": store}}
    return context_of(root, data, config(QUICK, tune={"trials": 2}, **more))


@pytest.fixture
def far(server, tmp_path):
    """The root of a training, a store, and a scheduler whose workers see an empty folder there."""
    root, workers = tmp_path / "own", tmp_path / "workers"
    root.mkdir()
    workers.mkdir()
    with machines(workers, n_workers=2, hidden=root) as scheduler:
        yield root, f"s3://{BUCKET}/{tmp_path.name}", scheduler


def test_the_same_lists_by_workers_that_see_no_folder(far, data, local, noted):
    root, url, scheduler = far
    noted.clear()
    trained = train(context_with(root, data, url, executor="dask", scheduler=scheduler))
    assert trained.lists.name == local.lists.name
    assert file_digests(trained.lists) == file_digests(local.lists)
    assert status(trained) == status(local)
    assert {stage for stage, _, _ in noted} == {"table", "lists"}
    # What was sent to and fro is gone, here and there, and no stage has a file more for it.
    assert {one.name.split("/")[0] for one in Remote(url).objects.found()}.isdisjoint(
        {HANDED, MADE}
    )
    assert list(root.rglob("attempt-*")) == []
    files = {file.relative_to(local.lists.parents[1]) for file in files_of(local.lists.parents[1])}
    made = trained.lists.parents[1]
    assert {file.relative_to(made) for file in files_of(made)} == files


def files_of(store):
    return [file for file in store.rglob("*") if file.is_file() and "vectors" not in file.parts]


@pytest.mark.faults
def test_the_same_lists_under_rules(far, data, noted, tmp_path):
    """Whatever lists and tables read: rules, prices, live lists, texts, facts, queries, priors."""
    root, url, scheduler = far
    world = ruled_world.known(data)
    ruled = ruled_world.trained(tmp_path / "local", world)
    noted.clear()
    trained = ruled_world.trained(root, world, url, executor="dask", scheduler=scheduler)
    assert {stage for stage, _, _ in noted} == {"table", "lists"}
    assert status(trained) == status(ruled)
    assert contents(trained.lists) == contents(ruled.lists)


def contents(folder):
    return {file.relative_to(folder): file.read_bytes() for file in files_of(folder)}


@pytest.mark.faults
def test_a_worker_that_is_killed_at_its_work_changes_no_bit(far, data, local, moment):
    root, url, scheduler = far
    attempts = f"dask-scratch-space/*/{CACHE}/*/*/attempt-*"
    with killing_workers(root.with_name("workers"), attempts, most=1) as killed:
        trained = train(context_with(root, data, url, executor="dask", scheduler=scheduler))
    assert killed
    moment("Dask's worker killed")
    assert file_digests(trained.lists) == file_digests(local.lists)


def test_without_a_shared_store_they_are_refused_with_the_cure(far, data):
    root, _, scheduler = far
    with pytest.raises(WorkerRefused, match=r"or name a `store` in \[artifacts\]"):
        train(context_with(root, data, executor="dask", scheduler=scheduler))


def test_what_comes_damaged_from_a_worker_ends_the_run_and_the_next_goes_on(
    far, data, local, monkeypatch
):
    root, url, scheduler = far
    receive, damaged = couriers.Courier.receive, []

    def damage_and_receive(courier, answer, folder):
        if not damaged:
            there = courier.remote.objects
            names = [one.name for one in there.found(answer["made"])]
            damaged.extend(name for name in names if not name.endswith(MANIFEST))
            there.write(damaged[0], b"other")
        receive(courier, answer, folder)

    monkeypatch.setattr(couriers.Courier, "receive", damage_and_receive)
    with pytest.raises((StoreLost, ExecutorLost), match="run the same command again") as lost:
        train(context_with(root, data, url, executor="dask", scheduler=scheduler))
    assert damaged
    assert lost.value.exit_code == 75
    trained = train(context_with(root, data, url, executor="dask", scheduler=scheduler))
    assert file_digests(trained.lists) == file_digests(local.lists)
