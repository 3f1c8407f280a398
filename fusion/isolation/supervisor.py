"""Start one process, watch the memory of all that it starts, and end them all together.

A program of its own, `python -I -S supervisor.py ...`, which imports nothing of ours: it is up in
some hundredths of a second and holds a few MiB. It adopts the orphans among its descendants, so
that none escapes by leaving its parent, its group or its session. It ends them when its lifeline
closes, which happens however the process at the other end died; when they hold too much memory;
and when the first of them has ended.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator

ADOPT_ORPHANS = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2): orphans below a process become its children."""
PAUSE = 0.1
"""Seconds between two looks at the memory. A process fills about 0.2 GiB meanwhile."""
MAX_SHARE = 0.05
"""Share of a core that looking may take: on a machine with many processes, pauses get longer."""
PATIENCE = 10.0
"""Seconds until processes that do not end, since the kernel holds them, are left behind."""
PAGE = os.sysconf("SC_PAGE_SIZE")


def main(arguments: list[str]) -> None:
    """Supervise a process until it has ended with all that it started.

    Args:
        arguments: the bytes of resident memory that all may hold together, four file descriptors
            (the lifeline to read, where to report, and two that the process inherits), and the
            command of the process.
    """
    most_bytes, lifeline, report, *inherited = map(int, arguments[:5])
    command = arguments[5:]
    ctypes.CDLL(None, use_errno=True).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    # Asked to end, by an operator or the system: not before the others have.
    signal.signal(signal.SIGTERM, _leave)
    # Else the process would hold them open, and nobody would notice the end of the other side.
    os.set_inheritable(lifeline, False)
    os.set_inheritable(report, False)
    process = os.posix_spawn(command[0], command, os.environ, setsid=True)
    for number in inherited:
        os.close(number)
    _write(report, {"process": process})
    try:
        _write(report, _watch(process, lifeline, most_bytes))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_descendants()


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _watch(process: int, lifeline: int, most_bytes: int) -> dict[str, int | str]:
    """Wait for the end of the process or for a reason to end it, and describe which it was."""
    has_ended = os.pidfd_open(process)
    peak, pause = 0, PAUSE
    while True:
        ready, _, _ = select.select([lifeline, has_ended], [], [], pause)
        if lifeline in ready:
            return {"cause": "closed", "peak": peak}
        if has_ended in ready:
            _, status = os.waitpid(process, 0)
            return {"cause": "ended", "code": os.waitstatus_to_exitcode(status), "peak": peak}
        began = time.monotonic()
        descendants = _descendants()
        resident = sum(descendants.values())
        # Forks share pages, which count for each of them there; the exact figure takes longer.
        if resident > most_bytes:
            resident = sum(map(_proportional_bytes, descendants))
        peak = max(peak, resident)
        if resident > most_bytes:
            return {"cause": "memory", "peak": peak}
        pause = max(PAUSE, (time.monotonic() - began) / MAX_SHARE)


def end_descendants() -> None:
    """Kill all descendants of this process, and those that they start, until none is left."""
    deadline = time.monotonic() + PATIENCE
    while (descendants := _descendants()) and time.monotonic() < deadline:
        # Stopped first: none can start another while the others are killed.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in descendants:
                _signal(process, number)
        _reap()
        time.sleep(0.005)


def _signal(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def _reap() -> None:
    """Take note of children that have ended, adopted ones too, so that their numbers are free."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _descendants() -> dict[int, int]:
    """Return the resident bytes of each process below this one."""
    children: dict[int, list[tuple[int, int]]] = {}
    for process, parent, resident in _processes():
        children.setdefault(parent, []).append((process, resident))
    descendants: dict[int, int] = {}
    parents = [os.getpid()]
    while parents:
        for process, resident in children.get(parents.pop(), ()):
            descendants[process] = resident
            parents.append(process)
    return descendants


def _processes() -> Iterator[tuple[int, int, int]]:
    """Iterate over the number, parent and resident bytes of every process of the machine."""
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                stat = file.read()
        except OSError:  # it has ended
            continue
        # The second field is the program's name, which may hold anything; others follow it.
        fields = stat[stat.rindex(b")") + 2 :].split()
        yield int(name), int(fields[1]), int(fields[21]) * PAGE


def _proportional_bytes(process: int) -> int:
    """Return the resident bytes of a process, with its share of the pages that others hold too."""
    try:
        with open(f"/proc/{process}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:  # it has ended
        return 0
    return 0


def _write(report: int, line: dict[str, int | str]) -> None:
    try:
        os.write(report, json.dumps(line).encode() + b"\n")
    except BrokenPipeError:  # nobody is left to read it
        return


if __name__ == "__main__":
    main(sys.argv[1:])
