"""A pytest plugin: a real pgbouncer between a test and its PostgreSQL database.

It is Debian's package `pgbouncer`; tests that ask for it are skipped where the program is missing.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
Pooled = Callable[..., str]


@pytest.fixture
def pooled() -> Iterator[Pooled]:
    """Put a pgbouncer before a database; settings such as `pool_mode` may be given by name.

    Transactions take turns over few sessions of the server, so that none meets one of its own.

    Yields:
        A function of a URL, and of settings, that gives the URL of the pgbouncer.
    """
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed: apt-get install pgbouncer")
    started = []

    def _start(url: str, **settings: str) -> str:
        place = make_url(url)
        folder, port = Path(tempfile.mkdtemp(prefix="fusion-pgbouncer-")), _free_port()
        started.append((_launch(folder, place, port, settings), folder))
        _wait_for(port)
        return place.set(host="127.0.0.1", port=port, query={}).render_as_string(False)

    yield _start
    for process, folder in started:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _launch(folder: Path, place: URL, port: int, settings: dict[str, str]) -> subprocess.Popen:
    host = place.host or str(place.query["host"])
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": "5",
        "server_round_robin": "1",
        "ignore_startup_parameters": "extra_float_digits",
        **settings,
    }
    password = f" password={place.password}" if place.password else ""
    server = f"host={host} port={place.port or 5432} user={place.username}{password}"
    text = f"[databases]\n* = {server}\n[pgbouncer]\n"
    text += "".join(f"{name} = {value}\n" for name, value in lines.items())
    (folder / "pgbouncer.ini").write_text(text)
    folder.chmod(0o755)
    # It refuses to run as root, and must reach the socket in a folder of the server's user.
    as_root = os.getuid() == 0
    user = Path(host).stat().st_uid if host.startswith("/") else "nobody"
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [str(PROGRAM), str(folder / "pgbouncer.ini")],
            stdout=log,
            stderr=log,
            user=user if as_root else None,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.01)
    raise AssertionError("pgbouncer did not start")
