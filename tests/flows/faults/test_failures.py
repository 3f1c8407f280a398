"""A disk that is full is one failure, whichever library writes to it; a file too large another."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.failures import describe_failure
from fusion.core.system_errors import disk_refused, system_error
from fusion.errors import ConfigError, Temporary
from fusion.ingest.formats.files import open_table
from fusion.ranking.folders import RankerFolder
from fusion.ranking.ranker import Ranker
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import write_manifest
from fusion.runs.run_folder import RunFolder
from tests.flows.world import fusion, live_lists

NUMBERS = np.random.default_rng(0).random(100_000)
FRAME = pl.DataFrame({"a": NUMBERS})


def write_with_arrow(file: Path) -> None:
    table = pa.table({"a": NUMBERS})
    with pq.ParquetWriter(file, table.schema) as writer:
        writer.write_table(table)


def write_arrays(file: Path) -> None:
    # Unbuffered: what is left in a buffer would fail once more as the stream is collected.
    with file.open("wb", buffering=0) as stream:
        np.savez(stream, allow_pickle=False, a=NUMBERS)


def boosted() -> lightgbm.Booster:
    quiet = {"objective": "regression", "verbose": -1, "num_threads": 1}
    data = lightgbm.Dataset(NUMBERS[:1000, None], NUMBERS[:1000])
    return lightgbm.train(quiet, data, 5)


def write_ranker(file: Path) -> None:
    RankerFolder(file.parent).booster(0).symlink_to(file)
    Ranker(["a"], [boosted()]).save(file.parent)


def write_run_manifest(file: Path) -> None:
    folder = file.parent / "run"
    folder.mkdir()
    RunFolder(folder).manifest.symlink_to(file)
    write_manifest(folder, Manifest(placement="p"))


WRITERS = {
    "parquet by polars": FRAME.write_parquet,
    "arrow by polars": FRAME.write_ipc,
    "csv by polars": FRAME.write_csv,
    "parquet by arrow": write_with_arrow,
    "arrays": write_arrays,
    "a ranker by LightGBM": write_ranker,
    "a manifest": write_run_manifest,
    "text": lambda file: file.write_text("a page"),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_ends_with_75_whatever_was_written(write, tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")  # a device of the kernel that never has room
    with pytest.raises(Exception, match="No space left on device") as failure:
        write(full)
    assert disk_refused(failure.value)
    code, sentence = describe_failure(failure.value)
    assert code == Temporary.exit_code
    assert "No space left on device. Make room and try again." in sentence


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_file_over_the_limit_ends_with_2_whatever_was_written(write, tmp_path):
    file = tmp_path / "file"
    file.touch()
    with no_file_may_grow(), pytest.raises(Exception, match="File too large") as failure:
        write(file)
    assert disk_refused(failure.value)
    code, sentence = describe_failure(failure.value)
    assert code == ConfigError.exit_code
    assert "File too large. Raise the limit of the process" in sentence


def test_only_errors_of_the_system_have_a_number():
    assert system_error(OSError(errno.EROFS, "read-only")) == errno.EROFS
    assert system_error(OSError("parquet: Permission denied (os error 13)")) == errno.EACCES
    assert system_error(OSError("closed")) is None
    assert system_error(ValueError("row 5 holds (os error 28)")) is None
    assert system_error(pl.exceptions.ComputeError("a cast failed")) is None
    assert describe_failure(pl.exceptions.ComputeError("a cast failed"))[0] == 3


@contextmanager
def no_file_opens() -> Iterator[None]:
    """Lower the limit of open files to what is open already."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("name", ["ratings.csv", "ratings.parquet"])
def test_a_machine_in_trouble_is_not_taken_for_a_damaged_file(name, tmp_path):
    file = tmp_path / name
    frame = pl.DataFrame({"user": ["a", "b"], "item": ["x", "y"]})
    frame.write_csv(file) if name.endswith("csv") else frame.write_parquet(file)
    with no_file_opens(), pytest.raises(OSError, match="Too many open files") as failure:
        open_table("interactions", name, tmp_path, None)
    code, sentence = describe_failure(failure.value)
    assert code == Temporary.exit_code
    assert "ulimit -n" in sentence


def test_a_ranker_is_written_as_lightgbm_writes_it(tmp_path):
    booster = boosted()
    Ranker(["a"], [booster]).save(tmp_path)
    booster.save_model(tmp_path / "by_lightgbm.txt")
    written = RankerFolder(tmp_path).booster(0).read_bytes()
    assert written == (tmp_path / "by_lightgbm.txt").read_bytes()


@pytest.mark.faults
def test_a_run_over_the_limit_of_its_files_says_what_to_raise(own_runs):
    """On SQLite the database meets the limit first, on a server's database a stage."""
    url = own_runs.engine.url.render_as_string(hide_password=False)
    folder = own_runs.base
    before = live_lists(url)
    keep_small = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (20_000, 20_000))
    ended = fusion(folder, "run", "--json", process={"preexec_fn": keep_small})
    assert ended.code == 2, ended
    assert "`ulimit -f`" in ended.json["error"]
    assert live_lists(url) == before
    assert [*folder.glob("runs/.2*"), *folder.glob("runs/store/*/.*")] == []
    assert fusion(folder, "run").code in (0, 4)
