"""Work of tasks that ends in every way, called by name in other processes."""

import errno
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from fusion.errors import SourceFailed

ME = {"name": "one", "CPU": "of one kind"}
IDENTITY = {"function": f"{__name__}:identity", "expected": ME}


def identity():
    return dict(ME)


def identity_of_another():
    return {**ME, "name": "other"}


def fills(progress, folder, arguments):
    progress(1, 2)
    (folder / "made").write_text(arguments["text"])


def fills_after_others(progress, folder, arguments):
    """Fill the folder as one who was thought dead, while another attempt lies there."""
    half = folder.parent / "attempt-of-another"
    half.mkdir()
    (half / "made").write_text("half of")
    fills(progress, folder, arguments)


def raises(progress, folder, arguments):
    (folder / "half").touch()
    raise RuntimeError("no heart to work")


def fills_no_disk(progress, folder, arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def dies_at_first(progress, folder, arguments):
    """End the process, killed as by the system, until it has died so many times."""
    deaths = Path(arguments["deaths"])
    n = len(list(deaths.iterdir()))
    if n < arguments["most"]:
        (deaths / str(n)).touch()
        (folder / "half").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / "made").write_text(arguments["text"])


def waits(progress, folder, arguments):
    """Go on until the progress says that nobody waits any more."""
    while True:
        time.sleep(0.05)
        progress(0, 1)


def tells_modules(progress, folder, arguments):
    (folder / "made").write_text(" ".join(sys.modules))


def asks_a_source(progress, folder, arguments):
    raise SourceFailed("mine", "ValueError: no such item")


def tells_threads(progress, folder, arguments):
    """Tell how many threads each BLAS of the process has, once one has begun to compute."""
    np.ones((200, 200)) @ np.ones((200, 200))
    found = {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}
    (folder / "made").write_text(" ".join(map(str, sorted(found))))


def lasts(progress, folder, arguments):
    """Tell when it began and ended; one waits for another that is under way, if it is to."""
    began, of_all = time.time(), Path(arguments["of_all"])
    (of_all / str(arguments["users"])).touch()
    end = time.monotonic() + 60
    while len([*of_all.iterdir()]) < arguments["together"] and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(arguments["seconds"].get(str(arguments["users"]), 0.05))
    (folder / "made").write_text(f"{began} {time.time()}")


def waits_after_first(progress, folder, arguments):
    """Fill the folder of the first part, and end no other one before nobody waits for it."""
    if arguments["users"]:
        waits(progress, folder, arguments)
    (folder / "made").touch()
