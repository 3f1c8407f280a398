"""A folder of objects that machines share, behind fsspec, with failures as they concern us."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

from fusion.core.durable import replaced_by
from fusion.core.extras import require_extras
from fusion.core.system_errors import disk_refused
from fusion.errors import StoreLost, StoreRefused

CLOCK = "clock"
"""An object that is written to learn whether one may write, and what time it is there."""
SECONDS = {"connect_timeout": 10, "read_timeout": 60}
"""That a request may take before it is made again; the library does so a few times by itself."""
LIBRARIES = ("aiobotocore", "aiohttp", "asyncio", "botocore", "fsspec", "s3fs")
"""Whose exceptions tell of the network and the other end, and not of our code."""
NO_RIGHTS = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "TokenRetrievalError",
)
"""Exceptions of those who have no credentials at all; what is refused is a PermissionError."""

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """An object of a listing.

    Attributes:
        name: below the folder, with slashes.
        bytes: its size.
        written_at: aware, by the clock of the other end.
    """

    name: str
    bytes: int
    written_at: datetime


@dataclass(frozen=True)
class Objects:
    """Objects below a URL, `s3://bucket/prefix` or `file:///folder`.

    Attributes:
        url: without credentials, which come from the environment.
    """

    url: str

    @property
    def _is_folder(self) -> bool:
        return self.url.startswith("file:")

    @cached_property
    def _root(self) -> str:
        place = self.url.partition("://")[2].strip("/")
        return f"/{place}" if self._is_folder else place

    @cached_property
    def _system(self) -> Any:
        """The file system of fsspec.

        Raises:
            MissingExtra: it is not installed.
        """
        if not self._is_folder or find_spec("fsspec") is None:
            require_extras("`[artifacts] store`", "s3")
        import fsspec  # noqa: PLC0415 - not in every installation

        if self._is_folder:
            return fsspec.filesystem("file", auto_mkdir=True)
        # Another machine may have written since a folder was listed.
        return fsspec.filesystem("s3", use_listings_cache=False, config_kwargs=SECONDS)

    def now(self) -> datetime:
        """Return the time by the clock of the other end, to which one must be allowed to write.

        Raises:
            MissingExtra: the extra is not installed.
            StoreRefused: there is no such bucket, or one may not write to it.
            StoreLost: it does not answer.
        """
        system = self._system
        with self._telling():
            try:
                self._pipe(CLOCK, b"")
                written_at: datetime = system.modified(f"{self._root}/{CLOCK}")
            except (FileNotFoundError, NotADirectoryError) as missing:
                raise StoreRefused(
                    f"[artifacts] store = {self.url!r}: {missing}; make the bucket or folder, or "
                    "correct the URL"
                ) from missing
        return written_at

    def read(self, name: str) -> bytes | None:
        """Return the content of an object.

        Args:
            name: of the object.

        Returns:
            None where there is none.
        """
        return self._unless_missing(lambda: self._system.cat_file(f"{self._root}/{name}"))

    def written_at(self, name: str) -> datetime | None:
        """Return when an object was written, by the clock of the other end.

        Args:
            name: of the object.

        Returns:
            None where there is none.
        """
        return self._unless_missing(lambda: self._system.modified(f"{self._root}/{name}"))

    def write(self, name: str, content: bytes) -> None:
        """Write a small object, in one step: nobody sees half of it.

        Args:
            name: of the object.
            content: of it.
        """
        with self._telling():
            self._pipe(name, content)

    def upload(self, file: Path, name: str) -> None:
        """Copy a file there.

        Args:
            file: to copy.
            name: of the object.
        """
        with self._telling():
            self._system.put_file(str(file), f"{self._root}/{name}")

    def download(self, name: str, file: Path) -> None:
        """Copy an object here, where there is such an object.

        Args:
            name: of the object.
            file: to write; the folder of it is there.
        """
        self._unless_missing(lambda: self._system.get_file(f"{self._root}/{name}", str(file)))

    def remove(self, name: str) -> None:
        """Remove an object, unless it is gone already.

        Args:
            name: of the object.
        """
        self._unless_missing(lambda: self._system.rm_file(f"{self._root}/{name}"))

    def found(self, below: str = "") -> list[Found]:
        """Return the objects of a folder, and of all folders in it.

        Args:
            below: name of the folder; all of them if empty.
        """
        place = f"{self._root}/{below}".rstrip("/")
        details = self._unless_missing(lambda: self._system.find(place, detail=True)) or {}
        # By the end of the name: a bucket's may be given with or without its slash.
        start = len(self._root) + 1
        return [
            Found(name[start:], about["size"], self._moment(about))
            for name, about in sorted(details.items())
            if about["type"] == "file"
        ]

    def _moment(self, about: dict[str, Any]) -> datetime:
        if "LastModified" in about:
            written_at: datetime = about["LastModified"]
            return written_at
        return datetime.fromtimestamp(about["mtime"]).astimezone()

    def _pipe(self, name: str, content: bytes) -> None:
        place = f"{self._root}/{name}"
        if not self._is_folder:
            self._system.pipe_file(place, content)
            return
        aside = f"{place}.{token_hex(6)}.new"
        with replaced_by(Path(aside), Path(place)):
            self._system.pipe_file(aside, content)

    def _unless_missing(self, ask: Callable[[], T]) -> T | None:
        with self._telling():
            try:
                return ask()
            except FileNotFoundError:
                return None

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say what a failure of the block means to the person who trains."""
        try:
            yield
        except PermissionError as refused:
            raise self._refused(refused) from refused
        except Exception as failure:
            if type(failure).__name__ in NO_RIGHTS:
                raise self._refused(failure) from failure
            library = type(failure).__module__.partition(".")[0]
            is_theirs = isinstance(failure, OSError) or library in LIBRARIES
            # A disk of this machine is none of the other end's faults.
            if disk_refused(failure) or not is_theirs:
                raise
            raise StoreLost(
                f"the store {self.url} of [artifacts] does not answer: {failure}; what is made so "
                "far is kept in `path`: run the same command again"
            ) from failure

    def _refused(self, failure: Exception) -> StoreRefused:
        return StoreRefused(
            f"[artifacts] store = {self.url!r} refuses us: {failure}; give the process "
            "credentials that may list, read, write and delete there, such as AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY"
        )
