"""Whoever does a task: the same folder, the same failures; who dies is followed by another."""

import errno
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing
from functools import partial

import psutil
import pytest

from fusion.compute.dask_cluster import _check_sizes, local_cluster, remote_cluster
from fusion.compute.dask_executor import DaskExecutor
from fusion.compute.identity import CPU, cpu_kind, differences
from fusion.compute.local import LOCAL
from fusion.compute.processes import TRIES, ProcessExecutor
from fusion.compute.task import Message, Task, ends_run, gather
from fusion.compute.worker import answer_text, refuse
from fusion.errors import ConfigError, ExecutorLost, SourceFailed, Temporary, WorkerRefused
from fusion.isolation.failure import WorkFailed
from tests.fusion.compute import acts
from tests.fusion.compute.machines import wait_for

NAMES = ("processes", "dask")


@pytest.fixture(scope="module")
def executors():
    with (
        closing(ProcessExecutor(2, acts.IDENTITY)) as processes,
        local_cluster(2, memory=1.0) as cluster,
    ):
        yield {"processes": processes, "dask": DaskExecutor(cluster, acts.IDENTITY)}


@pytest.fixture(params=NAMES)
def executor(request, executors):
    return executors[request.param]


def task(folder, act, watch=None, **arguments):
    folder.mkdir(exist_ok=True)

    def here():
        getattr(acts, act)(lambda *_: None, folder, arguments)

    message = Message(f"{acts.__name__}:{act}", arguments)
    more = {} if watch is None else {"watch": watch}
    return Task(act, folder, here, lambda: message, **more)


def wait_for_part(who, part):
    who.submit(part).result()


def made(folder):
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_every_executor_fills_the_same_folder(executors, tmp_path):
    for name, who in [("local", LOCAL), *executors.items()]:
        pending = [
            who.submit(task(tmp_path / f"{name}{n}", "fills", text=str(n))) for n in range(3)
        ]
        gather(pending)
        assert [made(tmp_path / f"{name}{n}") for n in range(3)] == [
            {"made": str(n)} for n in range(3)
        ]


def test_what_only_this_process_can_do_is_done_here(executor, tmp_path):
    filled = []
    executor.submit(Task("own", tmp_path, lambda: filled.append(os.getpid()))).result()
    assert filled == [os.getpid()]


def test_of_several_attempts_one_is_taken_whole(executor, tmp_path):
    executor.submit(task(tmp_path / "a", "fills_after_others", text="all")).result()
    assert made(tmp_path / "a") == {"made": "all"}


def test_a_failure_says_what_was_raised_and_where(executor, tmp_path):
    pending = executor.submit(task(tmp_path / "a", "raises"))
    with pytest.raises(WorkFailed) as failure:
        pending.result()
    assert str(failure.value) == "RuntimeError: no heart to work"
    assert "acts.py" in failure.value.__notes__[0]
    assert not ends_run(failure.value)


def test_a_source_that_fails_elsewhere_is_named_as_here(executor, tmp_path):
    """So that a run goes on without it, whoever asked it."""
    with pytest.raises(SourceFailed, match="no such item") as failure:
        executor.submit(task(tmp_path / "a", "asks_a_source")).result()
    assert failure.value.source == "mine"
    assert not ends_run(failure.value)


def test_a_task_computes_with_one_thread_whoever_does_it(executor, tmp_path):
    executor.submit(task(tmp_path / "a", "tells_threads")).result()
    assert made(tmp_path / "a") == {"made": "1"}


def test_work_of_this_process_may_ask_for_tasks_and_wait(executors, tmp_path):
    """With one process, too: a stage is made here of parts that are made there."""
    with closing(ProcessExecutor(1, acts.IDENTITY)) as processes:
        for name, who in (("processes", processes), ("dask", executors["dask"])):
            part = task(tmp_path / name, "fills", text="part")
            whole = Task("whole", tmp_path, partial(wait_for_part, who, part))
            who.submit(whole).result()
            assert made(tmp_path / name) == {"made": "part"}


def test_a_full_disk_is_no_fault_of_the_work(executor, tmp_path):
    with pytest.raises(OSError, match="No space left") as failure:
        executor.submit(task(tmp_path / "a", "fills_no_disk")).result()
    assert failure.value.errno == errno.ENOSPC
    assert ends_run(failure.value)


def test_a_worker_that_is_killed_is_followed_by_another(executor, tmp_path):
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    dying = task(tmp_path / "a", "dies_at_first", deaths=str(deaths), most=2, text="in the end")
    executor.submit(dying).result()
    assert len(list(deaths.iterdir())) == 2
    assert made(tmp_path / "a") == {"made": "in the end"}


def test_work_that_kills_every_worker_fails_and_the_others_go_on(executors, tmp_path):
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    who = executors["processes"]
    dying = task(tmp_path / "a", "dies_at_first", deaths=str(deaths), most=9, text="")
    other = task(tmp_path / "b", "fills", text="well")
    pending = [who.submit(dying), who.submit(other)]
    with pytest.raises(WorkFailed, match="SIGKILL") as failure:
        gather(pending)
    assert failure.value.cause == "ended"
    assert len(list(deaths.iterdir())) == TRIES
    pending[1].result()
    assert made(tmp_path / "b") == {"made": "well"}


def test_who_stops_waiting_is_heard_at_once(executor, tmp_path):
    stop = threading.Event()

    class Enough(Exception):
        pass

    def progress(done, total):
        if stop.is_set():
            raise Enough

    pending = executor.submit(task(tmp_path / "a", "waits", lambda: progress))
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Enough):
        pending.result()
    assert time.monotonic() - began < 60
    # As a run does with what it does not wait for; the worker is free again.
    shutil.rmtree(tmp_path / "a")
    executor.submit(task(tmp_path / "b", "fills", text="free")).result()


def test_the_work_does_not_begin_with_what_dask_needs(executors, tmp_path):
    """Processes of the executor `processes` import no Dask, which takes a second each."""
    executors["processes"].submit(task(tmp_path / "a", "tells_modules")).result()
    assert "distributed" not in made(tmp_path / "a")["made"].split()


def test_nobody_else_hands_work_to_workers_of_this_machine(executors):
    from distributed import Client

    address = executors["dask"].cluster.address
    assert address.startswith("tls://127.0.0.1:")
    with pytest.raises((OSError, TypeError)):
        Client(address.replace("tls", "tcp"), timeout=1, set_as_default=False)


def test_workers_are_told_of_work_by_texts(executors, tmp_path, monkeypatch):
    told = []
    client = executors["dask"].cluster.client
    submit = client.submit

    def note(function, *arguments, **more):
        told.append((function, arguments))
        return submit(function, *arguments, **more)

    monkeypatch.setattr(client, "submit", note)
    executors["dask"].submit(task(tmp_path / "a", "fills", text="well")).result()
    [(function, [question])] = told
    assert function is answer_text
    assert json.loads(question)["arguments"] == {"text": "well"}


def test_workers_end_with_a_command_that_is_killed(tmp_path):
    code = (
        "import os, signal, sys\n"
        "from fusion.compute.dask_cluster import local_cluster\n"
        "if __name__ == '__main__':\n"
        "    with local_cluster(1, memory=1.0) as cluster:\n"
        "        print(*cluster.client.run(os.getpid).values(), flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    (tmp_path / "command.py").write_text(code)
    done = subprocess.run(
        [sys.executable, tmp_path / "command.py"],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=False,
    )
    worker = int(done.stdout)
    wait_for(lambda: not psutil.pid_exists(worker))


class TestRefused:
    def test_a_worker_of_another_kind(self, executors, tmp_path):
        other = {"function": f"{acts.__name__}:identity_of_another", "expected": acts.ME}
        dask = DaskExecutor(executors["dask"].cluster, other)
        with closing(ProcessExecutor(1, other)) as processes:
            for who in (processes, dask):
                with pytest.raises(WorkerRefused) as refused:
                    who.submit(task(tmp_path / "a", "fills", text="")).result()
                assert f"the worker on {platform.node()} has name other instead of one" in str(
                    refused.value
                )
                assert refused.value.exit_code == ConfigError.exit_code
                assert ends_run(refused.value)
        assert made(tmp_path / "a") == {}

    def test_a_worker_that_does_not_see_the_store(self, tmp_path):
        refusal = refuse(str(tmp_path / "none"), acts.IDENTITY)
        assert "does not see" in refusal
        assert "[artifacts]" in refusal

    def test_a_worker_that_is_too_small_or_does_two_things_at_once(self):
        good = {"nthreads": 1, "memory_limit": 4 * 2**30}
        _check_sizes({"a": good, "b": {**good, "memory_limit": 0}}, 4.0)
        with pytest.raises(WorkerRefused, match="--nthreads 1"):
            _check_sizes({"a": {**good, "nthreads": 2}}, 4.0)
        with pytest.raises(WorkerRefused, match=r"may hold 4\.0 GiB, and a fit may need 5 GiB"):
            _check_sizes({"a": good}, 5.0)

    def test_a_scheduler_that_is_not_there(self, monkeypatch, tmp_path):
        monkeypatch.setattr("fusion.compute.dask_cluster.CONNECT_SECONDS", 1)
        nowhere = remote_cluster("tcp://127.0.0.1:9", 1.0, tmp_path, acts.IDENTITY)
        with pytest.raises(ExecutorLost, match="does not answer") as lost, nowhere:
            pass
        assert lost.value.exit_code == Temporary.exit_code


def test_differences_are_named_whichever_side_lacks_something():
    mine, other = {"numpy": "2.4.6", CPU: "a"}, {"numpy": "2.4.7", "torch": "2.13.0"}
    assert differences(mine, mine) == ""
    assert differences(mine, other) == (
        "CPU missing instead of a, numpy 2.4.7 instead of 2.4.6, torch 2.13.0 instead of none"
    )


def test_the_kind_of_cpu_is_that_of_every_process_here(executors):
    code = "from fusion.compute.identity import cpu_kind; print(cpu_kind())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == cpu_kind()
    assert json.dumps(cpu_kind()).isascii()
