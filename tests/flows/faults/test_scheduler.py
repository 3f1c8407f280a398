"""A scheduler of Dask that is killed while `fusion run` works for it, as processes of their own."""

import pytest

from tests.flows.world import database, fusion, live_lists, make_shop
from tests.fusion.compute.machines import killing_scheduler, machines

pytestmark = pytest.mark.faults
ANEW = {"FUSION_SEED": "8"}
"""Another seed: nothing of it is in the store yet."""


def stages(folder):
    """When each file of a finished stage was written."""
    finished = (folder / "runs" / "store").glob("*/[0-9a-f]*/*")
    return {file: file.stat().st_mtime_ns for file in finished if file.is_file()}


def test_a_killed_scheduler_ends_a_run_with_75_and_the_next_one_goes_on(tmp_path, moment):
    folder = tmp_path / "shop"
    make_shop(folder)
    url = database(folder)
    assert fusion(folder, "run").code in (0, 4)
    before, made_before = live_lists(url), stages(folder)
    where = tmp_path / "machines"
    where.mkdir()
    with machines(where, n_workers=1) as scheduler:
        by_dask = {"FUSION_COMPUTE__EXECUTOR": "dask", "FUSION_COMPUTE__SCHEDULER": scheduler}
        with killing_scheduler(folder / "runs") as killed:
            ended = fusion(folder, "run", "--json", **by_dask, **ANEW)
    assert killed
    moment("Dask's scheduler killed")
    assert ended.code == 75, ended
    assert f"the scheduler {scheduler} has" in ended.json["error"]
    assert "run the same command again" in ended.json["error"]
    assert live_lists(url) == before
    # Nothing half-made is left, of whoever worked, and what was done stays.
    assert [*folder.glob("runs/.2*"), *folder.glob("runs/store/*/.*")] == []
    assert [*folder.glob("runs/store/handed/*")] == []
    kept = stages(folder)
    assert kept.keys() > made_before.keys()
    assert fusion(folder, "run", **ANEW).code in (0, 4)
    assert {file: moment for file, moment in stages(folder).items() if file in kept} == kept
    assert live_lists(url) != before
