"""Every socket that the Python processes of a command use, noted by an audit hook in each."""

from dataclasses import dataclass
from pathlib import Path

from tests.flows.world import ROOT, environment

NOTING = """\
import os, sys

SPEAKING = {
    "socket.connect": 1, "socket.bind": 1, "socket.sendto": 1, "socket.sendmsg": 1,
    "socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.gethostbyaddr": 0,
}

def note(event, arguments):
    if event in SPEAKING:
        address = arguments[SPEAKING[event]]
        # A path is that of a socket of this machine; without an address it goes where it connected.
        if isinstance(address, (str, bytes)) and event.count("host") + event.count("addr") == 0:
            return
        host = address[0] if isinstance(address, tuple) else address
        if host is not None:
            line = f"{event} {host} {sys.argv[:1]}\\n".encode()
            with open(os.environ["NOTED_SOCKETS"], "ab", buffering=0) as file:
                file.write(line)

sys.addaudithook(note)
"""
"""A `sitecustomize.py`, which every Python that a command starts imports before all else.

Libraries in C are not seen, such as libpq: what is named to them is a database of the user's.
"""
HERE = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Sockets:
    """The notes of a command's processes."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a command and all that it starts note what they do."""
        (self.folder / "sitecustomize.py").write_text(NOTING)
        return environment(
            PYTHONPATH=f"{self.folder}:{ROOT}", NOTED_SOCKETS=str(self.folder / "noted")
        )

    @property
    def noted(self) -> list[str]:
        """What was done, to which host, by which program; a line each."""
        file = self.folder / "noted"
        return sorted(set(file.read_text().splitlines())) if file.exists() else []

    @property
    def elsewhere(self) -> list[str]:
        """The same of other machines, and of addresses by which others reach this one."""
        return [line for line in self.noted if line.split()[1] not in HERE]
