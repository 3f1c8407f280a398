"""The lock of a folder: one holder at a time, known to all, taken over when it is gone."""

import os
import platform
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from json import dumps
from threading import Event, Thread

import pytest

from fusion.core.locks import folder_lock
from fusion.core.locks.folder_lock import FolderInUse, locked
from fusion.core.locks.record import Holder, numbered, parse_holder
from fusion.errors import Temporary

HOLD = """
import sys, time
from pathlib import Path
from fusion.core.locks.folder_lock import locked
with locked(Path(sys.argv[1]), "training of placement 'mail'", wait=60):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""
COUNT = """
import sys
from pathlib import Path
from fusion.core.locks import folder_lock
folder_lock.LOOK_EVERY = 0.002
{without}
folder, counter = Path(sys.argv[1]), Path(sys.argv[1], "counter")
for _ in range(25):
    with folder_lock.locked(folder, "counting", wait=60):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def start(script, *words):
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    words = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, env=environment)


@pytest.fixture
def holding(tmp_path):
    """Start processes that hold the lock of `tmp_path` for so many seconds."""
    started = []

    def holder(seconds):
        process = start(HOLD, tmp_path, seconds)
        started.append(process)
        assert process.stdout.readline() == b"held\n"
        return process

    yield holder
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def elsewhere(tmp_path):
    """Write the record of a holder on another machine; gives its file and content."""

    def holder(**more):
        this = Holder.this_process("training of placement 'mail'")
        other = replace(this, host="other", pid=1, kernel="another", **more)
        file = tmp_path / ".lock" / "00000007.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(dumps(asdict(other)))
        return file, other

    return holder


def test_who_comes_second_is_told_who_holds_it(tmp_path, holding):
    process = holding(60)
    with pytest.raises(FolderInUse) as refused, locked(tmp_path, "prune"):
        pass
    sentence = str(refused.value)
    assert f"process {process.pid} on host {platform.node()}" in sentence
    assert "training of placement 'mail'; since 20" in sentence
    assert refused.value.exit_code == 75


def test_who_waits_gets_it_when_the_first_lets_go(tmp_path, holding, caplog):
    process = holding(1.5)
    with locked(tmp_path, "training", wait=60) as lock:
        assert process.wait(timeout=10) == 0
        assert lock.waited
    assert f"is in use by process {process.pid}" in caplog.text


def test_a_killed_holder_is_taken_over_at_once(tmp_path, holding):
    process = holding(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with locked(tmp_path, "training") as lock:
        assert not lock.waited
        assert [number for number, _ in numbered(tmp_path)] == [2]


def test_a_stopped_holder_is_none_that_is_gone(tmp_path, holding, monkeypatch):
    """On one machine the kernel tells, however long there is no sign of life."""
    monkeypatch.setattr(folder_lock, "SILENT_AFTER", 0.1)
    holding(60).send_signal(signal.SIGSTOP)
    with pytest.raises(FolderInUse), locked(tmp_path, "training", wait=1.5):
        pass


@pytest.mark.parametrize("without", ["", "folder_lock.kernel_lock = lambda *_: None"])
def test_one_process_at_a_time(tmp_path, without):
    """With locks of the file system and without."""
    (tmp_path / "counter").write_text("0")
    counting = [start(COUNT.format(without=without), tmp_path) for _ in range(4)]
    assert [process.communicate() and process.returncode for process in counting] == [0] * 4
    assert (tmp_path / "counter").read_text() == "100"
    assert len(numbered(tmp_path)) == 1, "records of earlier holders are removed"


def test_a_silent_holder_of_another_machine_is_taken_over(tmp_path, elsewhere, monkeypatch):
    """Also by who does not wait: else a folder would stay locked whose holder's host is gone."""
    monkeypatch.setattr(folder_lock, "SILENT_AFTER", 1.0)
    elsewhere()
    begun = time.monotonic()
    with locked(tmp_path, "training"):
        assert time.monotonic() - begun > 1.0
        assert [number for number, _ in numbered(tmp_path)] == [8]


def test_a_holder_of_another_machine_that_shows_signs_of_life_stays(tmp_path, elsewhere):
    """Its clock is years away from ours, which does not matter."""
    file, holder = elsewhere(started="2099-01-01T00:00:00+00:00")
    ended = Event()

    def beat():
        for second in range(60):
            beating = replace(holder, heartbeat=f"2099-01-01T00:00:{second:02}+00:00")
            file.write_text(dumps(asdict(beating)))
            if ended.wait(0.3):
                return

    beating = Thread(target=beat)
    beating.start()
    try:
        with pytest.raises(FolderInUse, match="process 1 on host other"), locked(tmp_path, "prune"):
            pass
    finally:
        ended.set()
        beating.join()


def test_a_holder_that_was_given_up_notices(tmp_path, monkeypatch):
    with locked(tmp_path, "training") as lock:
        lock.require()
        monkeypatch.setattr(folder_lock, "kernel_lock", lambda *_: None)
        monkeypatch.setattr(folder_lock, "SILENT_AFTER", 0.5)
        taken_over = pytest.raises(Temporary, match="taken over by another process")
        with locked(tmp_path, "training of another host"), taken_over:
            lock.require()


def test_without_locks_of_the_file_system_the_heartbeat_tells(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_lock, "kernel_lock", lambda *_: None)
    monkeypatch.setattr(folder_lock, "BEAT_EVERY", 0.1)
    monkeypatch.setattr(folder_lock, "SILENT_AFTER", 5.0)
    # Seconds are too coarse for a beat of a tenth.
    ticks = iter(range(10_000))
    monkeypatch.setattr(folder_lock, "utc_text", lambda: f"tick {next(ticks)}")
    with locked(tmp_path, "training"), pytest.raises(FolderInUse), locked(tmp_path, "prune"):
        pass
    with locked(tmp_path, "prune") as lock:
        assert not lock.waited


def test_a_record_that_nobody_finished_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_lock, "SILENT_AFTER", 0.5)
    (tmp_path / ".lock").mkdir()
    (tmp_path / ".lock" / "00000001.json").touch()
    with locked(tmp_path, "training") as lock:
        assert lock.waited


def test_a_record_says_when_its_holder_let_go(tmp_path):
    with locked(tmp_path, "training"):
        pass
    (_, file), = numbered(tmp_path)  # fmt: skip
    holder = parse_holder(file.read_bytes())
    assert (holder.pid, holder.work) == (os.getpid(), "training")
    assert holder.ended is not None
