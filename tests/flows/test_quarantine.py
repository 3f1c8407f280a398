"""Rows that checks put aside: they stand in the run's folder, and `fusion forget` reaches them."""

import polars as pl
import pytest

from flows.session import Session
from flows.steps.keep.erase import forget
from flows.steps.keep.forgotten import KEY
from flows.steps.person.export import export_person
from flows.steps.train.train import train_run
from fusion.ingest.load import load
from fusion.runs import amendment
from fusion.runs.erasure import forget_in, quarantined_in
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import file_hashes, read_manifest, write_manifest
from fusion.runs.run_folder import RunFolder
from tests.flows.steps.test_prune import Stopped
from tests.flows.world import PERSON

CHECK = """
[[data.checks]]
name = "rating scale"
column = "rating"
min = 1
max = 5
severity = "quarantine"
"""
NEVER_USED = "person-4712"
"""A user of whom every row breaks the check, so that no run knows them."""


@pytest.fixture
def checked(own_shop):
    """A shop in which the check breaks for three rows of two people."""
    ratings, config = own_shop / "ratings.csv", own_shop / "fusion.toml"
    bad = [f"{PERSON},i1,1600000000,9", f"{NEVER_USED},i2,1600000000,0", f"{NEVER_USED},i3,1,8"]
    with ratings.open("a") as file:
        file.write("\n".join(bad) + "\n")
    config.write_text(config.read_text() + CHECK)
    session = Session.open(config)
    yield session
    session.engine.dispose()


def test_a_run_keeps_what_it_put_aside_until_somebody_asks_to_be_forgotten(checked, monkeypatch):
    monkeypatch.setenv(KEY, "k" * 40)
    trained = train_run(checked)
    folder = checked.runs / trained.run_id
    file = RunFolder(folder).quarantine / "interactions.parquet"
    aside = pl.read_parquet(file)
    assert aside["user_id"].to_list() == [PERSON, NEVER_USED, NEVER_USED]
    assert aside["checks"].to_list() == [["rating scale"]] * 3
    assert aside["cells"].struct.field("rating").to_list() == ["9", "0", "8"]
    data = trained.manifest["data"]
    assert data["rows"]["quarantined"] == 3
    (finding,) = [found for found in data["findings"] if found["check"]]
    assert (finding["check"], finding["count"]) == ("rating scale", 3)
    assert "examples" not in finding
    assert PERSON not in (folder / "manifest.json").read_text()

    held = export_person(checked, NEVER_USED)
    (found,) = [one for one in held.files if one.path == file]
    assert [row["cells"]["rating"] for row in found.rows] == ["0", "8"]

    done = forget(checked, [NEVER_USED])
    assert (done.unknown, done.runs) == ((), (trained.run_id,))
    assert pl.read_parquet(file)["user_id"].to_list() == [PERSON]
    forget(checked, [PERSON])
    assert pl.read_parquet(file).is_empty()
    manifest = read_manifest(folder)
    assert manifest["files"] == {name: file_hashes(folder)[name] for name in manifest["files"]}


def test_rows_are_read_afresh_so_that_mended_ones_are_used(checked):
    def used():
        loaded = load(checked.config.data, checked.base)
        return len(loaded.dataset), len(loaded.quarantined.get("interactions", ()))

    n_used, n_aside = used()
    ratings = checked.base / "ratings.csv"
    ratings.write_text(ratings.read_text().replace(f"{PERSON},i1,1600000000,9", f"{PERSON},i1,1,4"))
    assert (n_aside, used()) == (3, (n_used + 1, 2))


@pytest.mark.parametrize("n_done", range(4))
def test_forgetting_that_is_stopped_anywhere_is_finished_by_the_next_call(
    tmp_path, monkeypatch, n_done
):
    """A person of the quarantine alone is found by it, so that it has to change last."""
    run = RunFolder(tmp_path)
    run.ids.mkdir()
    run.quarantine.mkdir()
    pl.DataFrame({"user_id": ["ada", "bob"]}).write_parquet(run.user_ids)
    for table in ("interactions", "users"):
        rows = pl.DataFrame({"row": [1, 2], "user_id": ["cyd", "ada"]})
        rows.write_parquet(run.quarantine / f"{table}.parquet")
    items = pl.DataFrame({"row": [1], "user_id": pl.Series([None], dtype=pl.String)})
    items.write_parquet(run.quarantine / "items.parquet")
    write_manifest(tmp_path, Manifest())
    calls = []

    def stopping(real):
        def replace(*files):
            if len(calls) == n_done:
                raise Stopped
            calls.append(files)
            return real(*files)

        return replace

    with monkeypatch.context() as patch:
        for name in ("replace_file", "replaced_by"):
            patch.setattr(amendment, name, stopping(getattr(amendment, name)))
        if n_done < 3:  # the manifest and two files of rows
            with pytest.raises(Stopped):
                forget_in(tmp_path, ["cyd"])
    forget_in(tmp_path, ["cyd"])
    assert quarantined_in(tmp_path, ["cyd"]) == set()
    assert quarantined_in(tmp_path, ["ada"]) == {"ada"}
    assert len(pl.read_parquet(run.quarantine / "items.parquet")) == 1
    manifest = read_manifest(tmp_path)
    hashes = file_hashes(tmp_path)
    assert manifest["files"] == {name: hashes[name] for name in manifest["files"]}
    assert not forget_in(tmp_path, ["cyd"])
