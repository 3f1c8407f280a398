"""A process of its own: however work ends there, the caller goes on and knows what happened."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fusion.isolation.failure import Limits, WorkFailed
from fusion.isolation.process import IsolatedProcess

ACTS = "tests.fusion.isolation.acts"
GENEROUS = Limits(seconds=120, memory=2)


def act(process, name, **arguments):
    return process.call(f"{ACTS}:{name}", arguments)


def failure(process, name, **arguments):
    with pytest.raises(WorkFailed) as caught:
        act(process, name, **arguments)
    return caught.value


def is_alive(pid):
    """Whether a process runs; one that has ended and that nobody took note of yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def wait_for_end(pid):
    deadline = time.monotonic() + 60
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def shared():
    """One process for all tests after which it lives, or is started anew."""
    with IsolatedProcess(GENEROUS) as process:
        yield process


def test_values_go_in_and_come_out_and_the_process_stays(shared):
    first = act(shared, "echo", text="ü\ud800", numbers=[1, 2.5, float("inf")], nothing=None)
    again = act(shared, "echo")
    assert first["values"] == {
        "text": "ü\ud800",
        "numbers": [1, 2.5, float("inf")],
        "nothing": None,
    }
    assert first["pid"] == again["pid"] != os.getpid()


def test_progress_is_heard(shared):
    heard = []
    shared.call(f"{ACTS}:echo", progress=lambda done, total: heard.append((done, total)))
    assert heard[0] == (0, 1)
    assert heard[-1] == (1, 2)


def test_what_work_prints_reaches_no_screen(shared, capfd):
    act(shared, "echo")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("raises", "RuntimeError: no heart to work"),
        ("exits", "it called sys.exit(0)"),
        ("booms", "Boom: (its message cannot be written)"),
        ("interrupts_itself", "KeyboardInterrupt: "),
        ("recurses", "RecursionError: maximum recursion depth exceeded"),
        ("returns_an_object", "it returned what is no plain value: TypeError: Object of type"),
        ("returns_what_holds_itself", "it returned what is no plain value: ValueError: Circular"),
        ("none_of_these", "AttributeError: module"),
    ],
)
def test_what_work_raises_is_named_and_the_process_lives(shared, name, says):
    before = act(shared, "echo")["pid"]
    failed = failure(shared, name)
    assert failed.cause == "raised"
    assert str(failed).startswith(says)
    assert act(shared, "echo")["pid"] == before


@pytest.mark.parametrize(
    ("name", "cause", "says"),
    [
        ("leaves", "ended", "it ended its own process with exit code 0"),
        ("crashes", "ended", "its process was ended by SIGSEGV (a crash: "),
        ("aborts", "ended", "its process was ended by SIGABRT (a crash: "),
        ("closes_everything", "ended", "its process stopped answering"),
        ("kills_its_supervisor", "ended", "its process stopped answering"),
        ("writes_nonsense", "answer", "it sent what is no answer: "),
    ],
)
def test_what_ends_the_process_is_named_and_another_starts(shared, name, cause, says):
    before = act(shared, "echo")["pid"]
    failed = failure(shared, name)
    assert failed.cause == cause
    assert str(failed).startswith(says)
    wait_for_end(before)
    assert act(shared, "echo")["pid"] != before


def test_work_that_hangs_is_ended_whatever_it_ignores():
    with IsolatedProcess(Limits(seconds=1, memory=2)) as process:
        failed = failure(process, "hangs")
    assert failed.cause == "seconds"
    assert str(failed) == "it took longer than 1 seconds"


def test_work_that_holds_too_much_memory_is_ended():
    with IsolatedProcess(Limits(seconds=120, memory=0.1)) as process:
        failed = failure(process, "fills_memory")
    assert failed.cause == "memory"
    assert str(failed).endswith(" GiB of memory, more than 0.1 GiB")


def test_the_memory_of_children_counts_too():
    with IsolatedProcess(Limits(seconds=120, memory=0.1)) as process:
        code = f"from {ACTS} import fills_memory; fills_memory(None)"
        with pytest.raises(WorkFailed, match=r"more than 0\.1 GiB"):
            process.call(f"{__name__}:run_python", {"code": code})


def run_python(progress, code):
    """Run code in a child of the worker."""
    subprocess.run([sys.executable, "-c", code], check=False)


def test_output_without_end_stops_nobody(shared):
    assert act(shared, "prints_without_end", n=20_000) == 20_000


def test_a_failure_carries_the_end_of_what_was_printed(shared):
    act(shared, "echo")
    failed = failure(shared, "raises")
    [note] = failed.__notes__
    assert "the last words" in note
    assert "RuntimeError: no heart to work" in note
    assert "on stdout" not in note


def test_a_failure_can_be_pickled():
    copy = pickle.loads(pickle.dumps(WorkFailed("memory", "it held too much")))
    assert (copy.cause, str(copy)) == ("memory", "it held too much")


def test_a_fork_that_comes_back_from_work_answers_nothing(shared):
    pid = act(shared, "echo")["pid"]
    assert act(shared, "comes_back_twice") == pid
    assert act(shared, "echo")["pid"] == pid


def test_children_that_leave_everything_behind_end_with_the_process(tmp_path):
    file = tmp_path / "daemon"
    with IsolatedProcess(GENEROUS) as process:
        act(process, "leaves_a_daemon", file=str(file))
        daemon = int(file.read_text())
        assert is_alive(daemon)
    assert not is_alive(daemon)


def test_whoever_stops_the_progress_ends_the_process(tmp_path):
    file = tmp_path / "worker"
    heard = []

    class Stop(BaseException):
        pass

    def progress(done, total):
        heard.append((done, total))
        # Not at once: the work itself reports once and never again.
        if heard.count((3, 9)) == 2:
            raise Stop

    with IsolatedProcess(GENEROUS) as process:
        with pytest.raises(Stop):
            process.call(f"{ACTS}:waits_for", {"file": str(file)}, progress)
        assert not is_alive(int(file.read_text()))


def test_another_thread_may_interrupt_a_call(tmp_path):
    file = tmp_path / "worker"
    with IsolatedProcess(GENEROUS) as process:

        def interrupt():
            while not file.exists():
                time.sleep(0.01)
            process.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        assert failure(process, "waits_for", file=str(file)).cause == "ended"
        thread.join()


def test_the_process_ends_with_a_caller_that_is_killed(tmp_path):
    file = tmp_path / "worker"
    code = (
        "import sys; from fusion.isolation.failure import Limits\n"
        "from fusion.isolation.process import IsolatedProcess\n"
        f"IsolatedProcess(Limits(120, 2)).call('{ACTS}:waits_for', {{'file': sys.argv[1]}})"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    caller = subprocess.Popen([sys.executable, "-c", code, str(file)], env=environment)
    while not (file.exists() and file.read_text()):
        assert caller.poll() is None
        time.sleep(0.01)
    worker = int(file.read_text())
    caller.send_signal(signal.SIGKILL)
    caller.wait()
    wait_for_end(worker)


def test_nothing_is_left_open():
    before = set(os.listdir("/proc/self/fd"))
    with IsolatedProcess(GENEROUS) as process:
        act(process, "echo")
        failure(process, "leaves")
        act(process, "echo")
    assert set(os.listdir("/proc/self/fd")) == before
