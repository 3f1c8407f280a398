"""Packages that misbehave, from the command line: the night goes on, and they are named."""

import json
import os

from tests.flows.world import ROOT, fusion, make_shop
from tests.fusion.hostile.installing import plant

SOURCE = '\n[[sources]]\nname = "{0}"\n'


def with_package(folder, **sources):
    """The environment of a command beside which a package with these sources is installed."""
    plant(folder / "site", **{name: f"sources:{cls}" for name, cls in sources.items()})
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), str(folder / "site")])}


def test_sys_exit_in_a_fit_leaves_the_source_out_and_the_run_is_whole(tmp_path):
    make_shop(tmp_path, SOURCE.format("exits"))
    ended = fusion(tmp_path, "train", "--json", **with_package(tmp_path, exits="ExitsInFit"))
    assert ended.code == 0, ended.err
    [manifest] = (tmp_path / "runs").glob("[!.]*/manifest.json")
    run = json.loads(manifest.read_text())
    statuses = {source["name"]: source["status"] for source in run["sources"]}
    assert statuses.pop("exits") == "failed on label-2: it called sys.exit(0)"
    assert set(statuses.values()) == {"used"}
    assert run["lists"]["users"] == 90
    assert "SystemExit: 0" in ended.err


def test_a_package_that_cannot_be_imported_hinders_no_other_verb(own_shop, tmp_path):
    env = with_package(tmp_path)
    points = tmp_path / "site" / "hostile-1.0.dist-info" / "entry_points.txt"
    points.write_text("[fusion.sources]\nbroken = tests.fusion.hostile.exits_at_import:Class\n")
    for words in (("status",), ("runs",), ("show", "u1")):
        ended = fusion(own_shop, *words, **env)
        assert ended.code == 0, ended.err
    checked = fusion(own_shop, "check", "--json", **env)
    assert checked.code == 0, checked.err
    [finding] = [one for one in checked.json["findings"] if one["code"] == "broken_source"]
    assert finding["severity"] == "warning"
    assert finding["subject"] == "source broken"
    assert "tests.fusion.hostile.exits_at_import:Class" in finding["message"]
    assert "it called sys.exit(0)" in finding["message"]
