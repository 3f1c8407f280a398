"""A training on a fresh machine: the same lists to the bit, of stages that another one made."""

import pytest

from fusion.errors import StoreLost, StoreRefused
from fusion.models.base.registry import known
from fusion.runs.stages.remote import MANIFEST, Remote
from fusion.training.pipeline import train
from tests.fusion.making import config, context_of
from tests.fusion.whole import file_digests, status
from tests.s3_server import BUCKET, NEEDS_S3, s3_server

QUICK = ("popularity", "als", "item_knn")
pytestmark = NEEDS_S3


@pytest.fixture(scope="module")
def server():
    with s3_server() as started:
        yield started


@pytest.fixture
def fits(monkeypatch):
    """Names of the models that are fitted."""
    names = []
    for name, cls in known().items():
        monkeypatch.setattr(cls, "fit", counted(cls.fit, name, names))
    return names


def counted(fit, name, names):
    def fit_and_note(model, data, context):
        names.append(name)
        return fit(model, data, context)

    return fit_and_note


def trained(root, data, url, **artifacts):
    shared = {"store": url, **artifacts}
    return train(context_of(root, data, config(QUICK, artifacts=shared, tune={"trials": 2})))


@pytest.mark.parametrize("keep_fit_mb", [64, 0])
def test_a_fresh_machine_fits_nothing(keep_fit_mb, data, server, fits, tmp_path):
    """Also where the machine before let go of its large fits: others have them whole."""
    url = f"s3://{BUCKET}/fresh-{keep_fit_mb}"
    first = trained(tmp_path / "a", data, url, keep_fit_mb=keep_fit_mb)
    assert fits
    fits.clear()
    second = trained(tmp_path / "b", data, url)
    assert fits == []
    assert second.lists.name == first.lists.name
    assert file_digests(second.lists) == file_digests(first.lists)
    assert status(second) == status(first)
    alone = trained(tmp_path / "c", data, None)
    assert file_digests(alone.lists) == file_digests(first.lists)


def test_one_damaged_object_costs_one_stage(data, server, fits, tmp_path):
    url = f"s3://{BUCKET}/damaged"
    first = trained(tmp_path / "a", data, url)
    there = Remote(url).objects
    name = next(one.name for one in there.found() if one.name.endswith("state.npz"))
    content = there.read(name)
    there.write(name, content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    fits.clear()
    second = trained(tmp_path / "b", data, url)
    assert len(fits) == 1
    assert file_digests(second.lists) == file_digests(first.lists)
    fits.clear()
    trained(tmp_path / "c", data, url)
    assert fits == []


@pytest.mark.parametrize("failure", [StoreLost, StoreRefused])
def test_a_store_that_goes_ends_the_run_and_is_no_source_that_failed(
    failure, data, server, monkeypatch, tmp_path
):
    url = f"s3://{BUCKET}/{failure.__name__}"
    offer, offered = Remote.offer, []

    def fails(remote, stage, folder):
        offered.append(stage)
        if len(offered) == 2:
            raise failure("gone")
        offer(remote, stage, folder)

    monkeypatch.setattr(Remote, "offer", fails)
    with pytest.raises(failure, match="gone"):
        trained(tmp_path / "a", data, url)
    monkeypatch.undo()
    first = trained(tmp_path / "a", data, url)
    assert {report.status for report in first.sources} == {"used"}
    # What was made before it went is there now, too.
    manifests = [one for one in Remote(url).objects.found() if one.name.endswith(MANIFEST)]
    assert len(manifests) >= len([*(tmp_path / "a" / "store" / "fit").iterdir()])
