"""A training with sources of an installed package: whatever they do, it ends and names them."""

import pytest

from fusion.models.base import registry
from fusion.training import fits
from fusion.training.pipeline import train
from tests.fusion import broken
from tests.fusion.hostile import installing
from tests.fusion.hostile.sources import Fine
from tests.fusion.making import QUICK, config, context_of
from tests.fusion.whole import file_digests, status

HOSTILE = {
    "exits": ("ExitsInFit", "failed on label-2: it called sys.exit(0)"),
    "leaves": ("LeavesInFit", "failed on label-2: it ended its own process with exit code 0"),
    "crashes": ("CrashesInFit", "failed on label-2: its process was ended by SIGSEGV"),
    "booms": ("BoomsInFit", "failed on label-2: Boom: (its message cannot be written)"),
    "fills": ("FillsMemoryInFit", "failed on label-2: it held "),
    "nothing": ("ReturnsNothingFromFit", "failed on label-2: AttributeError: 'NoneType'"),
    "nan": ("NeedsNaN", "left out: memory_bytes failed: ValueError: it gave nan"),
    "unmeasured": ("ExitsInMemory", "left out: memory_bytes failed: it called sys.exit(0)"),
    "unscored": ("CrashesInScoring", "failed while scoring: its process was ended by SIGABRT"),
}


@pytest.fixture(autouse=True)
def forgotten():
    yield
    registry.offered.cache_clear()


def test_one_that_behaves_gives_the_same_bits_there_as_here(data, tmp_path, monkeypatch):
    settings = config(("popularity", "fine", "ease"), tune={"trials": 2})
    with broken.registered(fine=Fine):
        here = train(context_of(tmp_path / "here", data, settings))
    installing.offer(tmp_path / "site", monkeypatch, fine="sources:Fine")
    there = train(context_of(tmp_path / "there", data, settings))
    assert status(there) == dict.fromkeys(("popularity", "fine", "ease"), "used")
    assert there.lists.name == here.lists.name  # the same keys of all stages
    assert file_digests(there.lists) == file_digests(here.lists)
    assert there.tuned == here.tuned
    assert [*(tmp_path / "there" / "store" / "foreign").iterdir()] == []


def test_whatever_a_package_does_leaves_it_out_and_changes_nothing(
    data, done, tmp_path, monkeypatch
):
    values = {name: f"sources:{cls}" for name, (cls, _) in HOSTILE.items()}
    values["script"] = "exits_at_import:Class"
    installing.offer(tmp_path / "site", monkeypatch, **values)
    limits = {"source_memory": 0.4}
    context = context_of(tmp_path, data, config((*QUICK, *values), limits=limits))
    trained = train(context)
    left_out = status(trained)
    assert [name for name in left_out if left_out[name] == "used"] == list(QUICK)
    for name, (_, says) in HOSTILE.items():
        assert left_out[name].startswith(says)
    cure = "a higher [limits] source_memory would give it more"
    assert left_out["fills"].endswith(f"more than 0.4 GiB; {cure}")
    assert "exits_at_import:Class" in left_out["script"]
    assert left_out["script"].startswith("left out: source 'script', which an installed package")
    assert file_digests(trained.lists) == file_digests(done[1].lists)


def test_a_package_that_comes_while_a_training_runs_changes_nothing(
    data, done, tmp_path, monkeypatch
):
    """It is broken, and would be asked for with the name of one of ours."""
    fit_side_by_side = fits._fit_side_by_side

    def install_first(task, sources):
        installing.plant(tmp_path / "site", latecomer="exits_at_import:Class")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        return fit_side_by_side(task, sources)

    monkeypatch.setattr(fits, "_fit_side_by_side", install_first)
    trained = train(context_of(tmp_path, data, config()))
    assert "latecomer" not in registry.offered()
    assert file_digests(trained.lists) == file_digests(done[1].lists)
