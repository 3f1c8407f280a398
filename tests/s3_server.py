"""A server of S3 on this machine, as a process of its own, and what machines see of it."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec

import pytest

NEEDS_S3 = pytest.mark.skipif(
    not (find_spec("moto") and find_spec("s3fs")), reason="moto and s3fs are not installed"
)
"""Tests that start the server, or speak to it."""
BUCKET = "shop"
PATIENCE = 60


@dataclass
class S3Server:
    """A server that runs.

    Attributes:
        port: on the loopback.
        process: of the server.
    """

    port: int
    process: subprocess.Popen

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def stop(self) -> None:
        """End it: nobody answers any more."""
        self.process.kill()
        self.process.wait()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start a server with a bucket; it ends with the block, and this process sees it meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, **quiet) as process, pytest.MonkeyPatch.context() as patch:
        server = S3Server(port, process)
        try:
            _until_it_answers(server)
            for name, value in server.environment.items():
                patch.setenv(name, value)
            patch.delenv("AWS_PROFILE", raising=False)
            objects().clear_instance_cache()  # of another server
            objects().mkdir(BUCKET)
            yield server
        finally:
            server.stop()
            objects().clear_instance_cache()


def objects():
    """The file system of the server that this process sees."""
    import fsspec

    return fsspec.filesystem("s3", use_listings_cache=False)


def _until_it_answers(server: S3Server) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(server.environment["AWS_ENDPOINT_URL"]):
            return
        assert server.process.poll() is None, "the server has ended"
        time.sleep(0.1)
    raise AssertionError(f"the server does not answer within {PATIENCE} seconds")
