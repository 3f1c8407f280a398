"""Work of tasks that ends in every way, called by name in other processes."""

import errno
import os
import signal
import sys
import time
from pathlib import Path

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
