"""A lock of a folder that one process holds, whichever machine or container shares the folder.

Who takes the lock writes a record with the next number, which only one process can create. It stays
held as long as its record shows signs of life:

- on one machine, containers included, by a lock of the kernel on the record's file: it ends with
  the process, however that dies, and is taken over at once;
- between machines by a heartbeat. Clocks are never compared: a record that has not changed for
  `SILENT_AFTER` seconds, as whoever waits counts them, is given up, and the next number is taken.

A holder that was silent for so long, and goes on, sees that its number is not the newest any more.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread

from fusion.core.durable import make_folder
from fusion.core.locks.record import (
    Holder,
    kernel_id,
    kernel_lock,
    numbered,
    parse_holder,
    record_file,
    utc_text,
    write_holder,
)
from fusion.errors import Temporary

log = logging.getLogger(__name__)
BEAT_EVERY = 10.0
"""Seconds between two signs of life."""
SILENT_AFTER = 120.0
"""Seconds without one after which a holder on another machine is given up: twelve are missed, which
a busy disk or network does not do."""
LOOK_EVERY = 1.0
"""Seconds between two looks at a lock that is waited for."""
ASIDE = 0.01
"""Seconds until a reader, who holds the kernel's lock for a look, has let it go."""
SAY_EVERY = 600.0
"""Seconds after which whoever waits says again for whom."""


class FolderInUse(Temporary):
    """Another process holds the lock of a folder."""

    def __init__(self, folder: Path, holder: str) -> None:
        """Keep who it is.

        Args:
            folder: that is locked.
            holder: a phrase.
        """
        super().__init__(f"{folder} is in use by {holder}; try again when it has ended")
        self.holder = holder


class FolderLock:
    """The lock of a folder, while this process holds it.

    Attributes:
        waited: whether another process held it at first.
    """

    def __init__(self, folder: Path, number: int, descriptor: int, holder: Holder) -> None:
        """Begin to show signs of life.

        Args:
            folder: that is locked.
            number: of this process's record.
            descriptor: of its open file, with the kernel's lock.
            holder: its content.
        """
        self._folder, self._number = folder, number
        self._descriptor, self._holder = descriptor, holder
        self.waited = False
        self._ended = Event()
        self._beating = Thread(target=self._beat, name="folder lock", daemon=True)
        self._beating.start()

    def require(self) -> None:
        """See that nobody has taken the lock over.

        Raises:
            Temporary: another process has, since this one showed no sign of life for too long.
        """
        if not self._is_newest():
            raise Temporary(
                f"{self._folder} was taken over by another process, since this one showed no sign "
                f"of life for {SILENT_AFTER:.0f} s; start again"
            )

    def release(self) -> None:
        """Let go."""
        self._ended.set()
        self._beating.join()
        # The record stays, so that numbers only grow; what it says is that nobody holds the lock.
        with suppress(OSError):
            write_holder(self._descriptor, replace(self._holder, ended=utc_text()))
        os.close(self._descriptor)

    def _is_newest(self) -> bool:
        return [number for number, _ in numbered(self._folder)][-1:] == [self._number]

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_EVERY):
            try:
                write_holder(self._descriptor, replace(self._holder, heartbeat=utc_text()))
            except OSError as failure:
                log.warning("no sign of life written folder=%s: %s", self._folder, failure)


@dataclass(frozen=True)
class _Look:
    """A look at the newest record of a lock.

    Attributes:
        number: of the record; 0 where there is none.
        holder: who holds the lock, for people; None where it is free.
        in_doubt: the holder may be gone: neither the kernel nor a sign of life told yet.
    """

    number: int
    holder: str | None = None
    in_doubt: bool = False


class _Watch:
    """Looks at the newest record of a lock, again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number, self._content, self._since = 0, b"", 0.0
        self._has_changed = False

    def look(self) -> _Look:
        """Return what the newest record says now."""
        records = numbered(self._folder)
        if not records:
            return _Look(0)
        number, file = records[-1]
        try:
            # Opened anew: only then a network file system looks for what changed.
            with file.open("rb") as record:
                content = record.read()
                was_free = kernel_lock(record.fileno(), fcntl.LOCK_SH)
        except FileNotFoundError:
            return _Look(number, "another process")  # which has just taken it from the one before
        self._note(number, content)
        return self._judge(parse_holder(content), was_free)

    def _note(self, number: int, content: bytes) -> None:
        """Note whether the record changed since the last look."""
        if (number, content) == (self._number, self._content):
            return
        self._has_changed = number == self._number
        self._number, self._content, self._since = number, content, time.monotonic()

    def _judge(self, holder: Holder | None, was_free: bool | None) -> _Look:
        if holder and holder.ended:
            return _Look(self._number)
        if was_free is False:
            return _Look(self._number, str(holder or "another process"))
        # This kernel would refuse its lock to us as long as one of its own processes holds it.
        if was_free and holder and holder.kernel == kernel_id():
            return _Look(self._number)
        if time.monotonic() - self._since > SILENT_AFTER:
            return _Look(self._number)
        in_doubt = not self._has_changed
        return _Look(self._number, str(holder or "another process"), in_doubt)


@contextmanager
def locked(folder: Path, work: str, wait: float = 0.0) -> Iterator[FolderLock]:
    """Lock a folder while the block runs; whoever else holds it is waited for.

    Args:
        folder: that is there, and can be written.
        work: what this process does, for those who wait for it.
        wait: seconds to wait at most; somewhat longer for a holder on another machine that showed
            no sign of life yet.

    Yields:
        The lock.

    Raises:
        FolderInUse: another process still holds it; the message says who.
    """
    lock = _take_in_time(folder, work, wait)
    try:
        yield lock
    finally:
        lock.release()


def _take_in_time(folder: Path, work: str, wait: float) -> FolderLock:
    make_folder(record_file(folder, 0).parent)
    watch, begun = _Watch(folder), time.monotonic()
    said = -SAY_EVERY  # at once
    while True:
        look = watch.look()
        lock = None if look.holder else _take(folder, look.number + 1, work)
        if lock:
            lock.waited = said >= 0
            return lock
        holder = look.holder or "another process"
        seconds = time.monotonic() - begun
        if seconds >= wait and not look.in_doubt:
            raise FolderInUse(folder, holder)
        if seconds - said >= SAY_EVERY:
            log.warning("waiting up to %.0f min: %s is in use by %s", wait / 60, folder, holder)
            said = seconds
        time.sleep(LOOK_EVERY)


def _take(folder: Path, number: int, work: str) -> FolderLock | None:
    """Take a lock by the number after the one that let go; None where another was faster."""
    file = record_file(folder, number)
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return None
    # First the lock: whoever reads the record asks the kernel about it.
    while kernel_lock(descriptor, fcntl.LOCK_EX) is False:
        time.sleep(ASIDE)
    holder = Holder.this_process(work)
    write_holder(descriptor, holder)
    # The list of names may have been an old one, which network file systems keep for a moment.
    if numbered(folder)[-1][0] != number:
        os.close(descriptor)
        file.unlink(missing_ok=True)
        return None
    for earlier, record in numbered(folder):
        if earlier < number:
            record.unlink(missing_ok=True)
    return FolderLock(folder, number, descriptor, holder)
