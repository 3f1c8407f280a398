"""Stages that machines share: whole or not there, verified as they come, and never half seen."""

import json
import os
import shutil
import signal
import subprocess
import sys
import zlib
from datetime import timedelta

import pytest

from fusion.errors import MissingExtra, StoreLost, StoreRefused
from fusion.runs.stages import remote as remotes
from fusion.runs.stages.record import drop_file
from fusion.runs.stages.remote import MANIFEST, Remote
from fusion.runs.stages.store import Store
from tests.s3_server import BUCKET, NEEDS_S3, objects, s3_server

INPUTS = {"a": 1}


@pytest.fixture(scope="module")
def server():
    with s3_server() as started:
        yield started


@pytest.fixture(params=["file", pytest.param("s3", marks=NEEDS_S3)])
def url(request, tmp_path):
    """A place that is empty: a folder, and a prefix of a bucket."""
    if request.param == "file":
        pytest.importorskip("fsspec")
        return f"file://{tmp_path}/shared"
    request.getfixturevalue("server")
    return f"s3://{BUCKET}/{tmp_path.name}"


def store(root, url):
    return Store(root, remote=Remote(url))


def made(folder):
    (folder / "deep").mkdir()
    (folder / "deep" / "a.txt").write_text("made")
    (folder / "empty").write_text("")
    (folder / "large.bin").write_bytes(bytes(range(256)) * 4096)


def never(folder):
    raise AssertionError("is there already")


def names(url):
    return {one.name for one in Remote(url).objects.found()}


def only(url, end):
    [name] = [name for name in names(url) if name.endswith(end)]
    return name


def test_what_one_machine_made_another_one_copies(url, tmp_path):
    first = store(tmp_path / "a", url).stage("fit", INPUTS, made)
    second = store(tmp_path / "b", url).stage("fit", INPUTS, never)
    assert {file.relative_to(first): file.read_bytes() for file in files_of(first)} == {
        file.relative_to(second): file.read_bytes() for file in files_of(second)
    }
    assert [path.name for path in (tmp_path / "b" / "fit").iterdir()] == [first.name]
    # From then on it is there, wherever the remote is.
    assert Store(tmp_path / "b").stage("fit", INPUTS, never) == second


def files_of(folder):
    return sorted(file for file in folder.rglob("*") if file.is_file())


def test_what_a_machine_had_before_it_shared_anything_is_shared_when_it_is_used(url, tmp_path):
    Store(tmp_path / "a").stage("fit", INPUTS, made)
    assert names(url) == set()
    store(tmp_path / "a", url).stage("fit", INPUTS, never)
    store(tmp_path / "b", url).stage("fit", INPUTS, never)


@pytest.mark.parametrize("end", ["a.txt", "empty", "large.bin", "inputs.json", MANIFEST])
def test_what_was_damaged_there_is_set_aside_and_made_again(end, url, tmp_path, caplog):
    store(tmp_path / "a", url).stage("fit", INPUTS, made)
    there, name = Remote(url).objects, only(url, end)
    there.write(name, flipped(there.read(name)))
    calls = []
    again = store(tmp_path / "b", url).stage("fit", INPUTS, lambda place: calls.append(made(place)))
    assert len(calls) == 1
    assert "damaged" in caplog.text
    assert any(name.endswith("damaged.json") for name in names(url))
    # And what was made again is there instead.
    third = store(tmp_path / "c", url).stage("fit", INPUTS, never)
    assert (third / "deep" / "a.txt").read_text() == (again / "deep" / "a.txt").read_text()


def flipped(content):
    return bytes([content[0] ^ 1]) + content[1:] if content else b"x"


def test_what_is_missing_there_is_made_again(url, tmp_path):
    store(tmp_path / "a", url).stage("fit", INPUTS, made)
    Remote(url).objects.remove(only(url, "large.bin"))
    calls = []
    store(tmp_path / "b", url).stage("fit", INPUTS, lambda place: calls.append(made(place)))
    assert len(calls) == 1
    store(tmp_path / "c", url).stage("fit", INPUTS, never)


def test_a_manifest_that_names_files_elsewhere_writes_nowhere_else(url, tmp_path):
    stage = store(tmp_path / "a", url).stage("fit", INPUTS, made)
    there, name = Remote(url).objects, only(url, MANIFEST)
    manifest, outside = json.loads(there.read(name)), "../../outside"
    lines = f"{outside} 1 {zlib.crc32(b'x')}"
    files = {outside: {"bytes": 1, "crc32": zlib.crc32(b"x")}}
    record = {"crc32": zlib.crc32(lines.encode()), "files": files}
    there.write(name, json.dumps({**manifest, "record": json.dumps(record)}).encode())
    # Where a store of objects has no folders, that is a name like any other.
    there.write(f"fit/{stage.name}/{manifest['upload']}/{outside}", b"x")
    calls = []
    store(tmp_path / "b" / "c", url).stage("fit", INPUTS, lambda _: calls.append(1))
    assert calls == [1]
    assert list(tmp_path.glob("b/**/outside")) == []


def test_a_fit_without_its_arrays_is_not_offered(url, tmp_path):
    """A machine that dropped them would leave others what nobody can read."""
    Store(tmp_path / "a").stage("fit", INPUTS, made)
    [stage] = (tmp_path / "a" / "fit").iterdir()
    drop_file(stage, "large.bin")
    store(tmp_path / "a", url).stage("fit", INPUTS, never)
    assert names(url) == set()


def test_arrays_that_were_dropped_here_come_back_from_there(url, tmp_path):
    stage = store(tmp_path / "a", url).stage("fit", INPUTS, made)
    drop_file(stage, "large.bin")
    shutil.rmtree(stage)
    stage = store(tmp_path / "a", url).stage("fit", INPUTS, never)
    assert (stage / "large.bin").exists()


CODE = """
import sys, time
from pathlib import Path
from fusion.runs.stages import remote
from fusion.runs.stages.store import Store
from tests.fusion.runs.stages.test_remote import INPUTS, made
root, url, killed = sys.argv[1:]
def wait_and_make(folder):
    made(folder)
    if killed:
        remote.Objects.write = lambda *_: (print('files', flush=True), time.sleep(60))
    else:
        print('ready', flush=True)
        sys.stdin.readline()
Store(Path(root), remote=remote.Remote(url)).stage('fit', INPUTS, wait_and_make)
print('done')
"""


def process(root, url, killed=""):
    return subprocess.Popen(
        [sys.executable, "-c", CODE, str(root), url, killed],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])},
    )


def test_an_upload_that_is_killed_is_seen_by_nobody(url, tmp_path):
    with process(tmp_path / "a", url, "killed") as uploading:
        assert uploading.stdout.readline() == "files\n"
        uploading.send_signal(signal.SIGKILL)
    assert any(name.endswith("large.bin") for name in names(url))
    assert not any(name.endswith(MANIFEST) for name in names(url))
    calls = []
    store(tmp_path / "b", url).stage("fit", INPUTS, lambda place: calls.append(made(place)))
    assert len(calls) == 1
    # The machine that was killed has it, and has nothing to offer any more.
    store(tmp_path / "a", url).stage("fit", INPUTS, never)
    assert len([name for name in names(url) if name.endswith(MANIFEST)]) == 1


def test_two_that_make_the_same_at_once_do_not_disturb_each_other(url, tmp_path):
    both = [process(tmp_path / name, url) for name in ("a", "b")]
    for each in both:
        assert each.stdout.readline() == "ready\n"
    for each in both:
        each.stdin.write("\n")
        each.stdin.flush()
    for each in both:
        assert each.stdout.readline() == "done\n"
        each.communicate()
        assert each.returncode == 0
    third = store(tmp_path / "c", url).stage("fit", INPUTS, never)
    assert (third / "deep" / "a.txt").read_text() == "made"


def test_pruning_takes_what_nobody_asked_for_lately_and_nothing_of_others(
    url, tmp_path, monkeypatch
):
    store(tmp_path / "a", url).stage("fit", INPUTS, made)
    store(tmp_path / "a", url).stage("fit", {"a": 2}, made)
    there = Remote(url).objects
    of_others = {"photos/2024/cat.jpg", "fit/readme.txt", "fit/0123456789abcdef/notes.txt"}
    for name in of_others:
        there.write(name, b"x")
    assert Remote(url).old(timedelta(0)) == [], "younger than a day"
    monkeypatch.setattr(remotes, "LEAST_AGE", timedelta(seconds=-60))
    assert Remote(url).old(timedelta(hours=1)) == []
    old = Remote(url).old(timedelta(seconds=-60))
    assert len(old) == 2
    assert sum(stage.bytes for stage in old) > 2 * 2**20
    Remote(url).remove(old)
    assert names(url) - {"clock"} == of_others


def test_a_stage_that_is_asked_for_is_young_again(url, tmp_path, monkeypatch):
    store(tmp_path / "a", url).stage("fit", INPUTS, made)
    store(tmp_path / "b", url).stage("fit", INPUTS, never)
    assert not any(name.endswith("used") for name in names(url)), "it is young"
    monkeypatch.setattr(remotes, "TOUCH_EVERY", timedelta(0))
    [before] = Remote(url).stages()
    store(tmp_path / "b", url).stage("fit", INPUTS, never)
    [after] = Remote(url).stages()
    assert any(name.endswith("used") for name in names(url))
    assert after.used_at >= before.used_at


def test_one_that_is_uploaded_anew_while_it_is_pruned_stays(url, tmp_path):
    store(tmp_path / "a", url).stage("fit", INPUTS, made)
    listed = Remote(url).stages()
    Remote(url).objects.remove(only(url, MANIFEST))
    store(tmp_path / "b", url).stage("fit", INPUTS, made)
    manifest = Remote(url).objects.read(only(url, MANIFEST))
    remote, removed = Remote(url), []
    forget = remote.objects.remove

    def remove(name):
        forget(name)
        if name.endswith(MANIFEST) and name not in removed:
            remote.objects.write(name, manifest)  # just after it was removed
        removed.append(name)

    remote.objects.__dict__["remove"] = remove
    remote.remove(listed)
    assert removed
    store(tmp_path / "c", url).stage("fit", INPUTS, never)


@NEEDS_S3
class TestS3:
    def test_a_server_that_is_away_costs_another_try_and_nothing_made(self, tmp_path):
        with s3_server() as server:
            url = f"s3://{BUCKET}/away"
            server.stop()
            with pytest.raises(StoreLost, match="run the same command again") as lost:
                store(tmp_path / "a", url).stage("fit", INPUTS, made)
            assert lost.value.exit_code == 75
            assert [*(tmp_path / "a").glob("fit/*")] == []

    def test_what_was_made_is_kept_where_the_server_goes_meanwhile(self, tmp_path):
        with s3_server() as server:
            url = f"s3://{BUCKET}/going"

            def make(folder):
                made(folder)
                server.stop()

            with pytest.raises(StoreLost):
                store(tmp_path / "a", url).stage("fit", INPUTS, make)
            Store(tmp_path / "a").stage("fit", INPUTS, never)

    def test_without_a_bucket_or_credentials_the_cure_is_said(self, server, monkeypatch):
        with pytest.raises(
            StoreRefused, match="make the bucket or folder, or correct the URL"
        ) as wrong:
            Remote("s3://no-such-bucket/x").objects.now()
        assert wrong.value.exit_code == 2
        objects().clear_instance_cache()
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        with pytest.raises(StoreRefused, match="give the process credentials") as refused:
            Remote(f"s3://{BUCKET}/x").objects.now()
        assert refused.value.exit_code == 2
        monkeypatch.undo()
        objects().clear_instance_cache()

    def test_a_prefix_that_begins_like_another_one_is_another_one(self, server):
        Remote(f"s3://{BUCKET}/pre").objects.write("a", b"")
        Remote(f"s3://{BUCKET}/prefix").objects.write("b", b"")
        assert names(f"s3://{BUCKET}/pre") == {"a"}
        assert names(f"s3://{BUCKET}/prefix/") == {"b"}


def test_without_the_extra_the_command_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("fusion.core.extras.is_installed", lambda extra: extra != "s3")
    with pytest.raises(MissingExtra, match=r"needs the extra s3: pip install .*\[s3\]'"):
        store(tmp_path, "s3://bucket/x").stage("fit", INPUTS, made)


def test_without_a_remote_nothing_of_it_is_imported(tmp_path):
    code = (
        "import sys; from pathlib import Path; from fusion.runs.stages.store import Store\n"
        "Store(Path(sys.argv[1])).stage('fit', {}, lambda folder: None)\n"
        "assert not {'fsspec', 's3fs', 'aiobotocore'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
