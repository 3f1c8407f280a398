"""Work that ends in every way work can; called by name in a process of its own."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


class Boom(BaseException):
    """No `Exception`; it has no message and cannot be pickled."""

    def __str__(self):
        raise ValueError

    def __reduce__(self):
        raise TypeError


def echo(progress, **values):
    progress(1, 2)
    print("on stdout")
    print("on stderr", file=sys.stderr)
    return {"pid": os.getpid(), "values": values}


def raises(progress):
    print("the last words")
    raise RuntimeError("no heart to work")


def exits(progress):
    sys.exit(0)


def leaves(progress):
    os._exit(0)


def crashes(progress):
    ctypes.string_at(0)


def aborts(progress):
    os.abort()


def booms(progress):
    raise Boom


def interrupts_itself(progress):
    raise KeyboardInterrupt


def recurses(progress):
    return recurses(progress)


def returns_an_object(progress):
    return object()


def returns_what_holds_itself(progress):
    circle = []
    circle.append(circle)
    return circle


def writes_nonsense(progress):
    for number in range(3, 64):
        try:
            os.write(number, b"nonsense\n")
        except OSError:
            continue
    time.sleep(600)


def closes_everything(progress):
    os.closerange(0, 64)
    time.sleep(600)


def hangs(progress):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(600)


def fills_memory(progress):
    hoard = []
    while True:
        hoard.append(b"x" * 4_000_000)


def prints_without_end(progress, n):
    for _ in range(n):
        print("x" * 200)
    return n


def comes_back_twice(progress):
    # The child is first: were it to answer, it would be heard.
    if os.fork():
        time.sleep(0.5)
    return os.getpid()


def leaves_a_daemon(progress, file):
    """Start a process that leaves its parent, its group and its session."""
    code = (
        "import os, pathlib, sys, time; os.fork() and os._exit(0); os.setsid();"
        "os.fork() and os._exit(0); pathlib.Path(sys.argv[1]).write_text(str(os.getpid()));"
        "time.sleep(600)"
    )
    subprocess.Popen([sys.executable, "-c", code, file]).wait()
    while not Path(file).exists() or not Path(file).read_text():
        time.sleep(0.01)


def kills_its_supervisor(progress):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


def waits_for(progress, file):
    # Before the progress: who hears of it may end this process at once.
    Path(file).write_text(str(os.getpid()))
    progress(3, 9)
    time.sleep(600)
