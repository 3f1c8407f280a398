"""The processes of packages' sources: one for each source of a training, which ends with it."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import Any, Self

from fusion.core.locks.drafts import draft_beside
from fusion.core.progress import Progress, quiet
from fusion.core.settings import Settings
from fusion.errors import ConfigError, FusionError, UnusableSource
from fusion.isolation.failure import Limits, WorkFailed
from fusion.isolation.process import IsolatedProcess
from fusion.models.base.registry import describe_offer
from fusion.models.foreign.description import SourceDescription, settings_class

HOST = "fusion.models.foreign.host"
QUICK_SECONDS = 300.0
"""Time to import a source and to ask what it is and needs: some import for half a minute."""
QUICK = ("describe", "memory_bytes", "fit_cost")
"""Functions of the host that compute nothing."""
_CURES = {
    "seconds": "a higher [limits] source_seconds would give it more",
    "memory": "a higher [limits] source_memory would give it more",
}
"""What else may be done about a failure, by its cause."""


@dataclass(frozen=True)
class Described:
    """The description that a source gave of itself.

    Attributes:
        description: all of it.
        settings: a class of settings that reads as its own.
    """

    description: SourceDescription
    settings: type[Settings]

    @classmethod
    def read(cls, sent: Any) -> Self:
        """Read a description that another process sent.

        Args:
            sent: as JSON.
        """
        description = SourceDescription.model_validate(sent)
        return cls(description, settings_class(description))


class SourceProcess:
    """The process of one source that a package offers, and what the source says of itself."""

    def __init__(self, entry: EntryPoint, limits: Limits, folder: Path) -> None:
        """Start nothing yet.

        Args:
            entry: of the package.
            limits: of each call.
            folder: for what the two processes hand to each other.
        """
        self.entry = entry
        self._folder = folder
        self._process = IsolatedProcess(limits)
        self._descriptions: dict[str, dict[str, Any]] = {}
        self._describing = Lock()

    def call(
        self, function: str, settings: Mapping[str, Any], progress: Progress = quiet, **more: Any
    ) -> Any:
        """Call a function of `host`.

        Args:
            function: its name.
            settings: of the source.
            progress: of the work.
            more: its other arguments.

        Raises:
            WorkFailed: with what happened, and where a setting would help its name.
        """
        source = {"name": self.entry.name, "value": self.entry.value, "settings": dict(settings)}
        arguments = {"source": source, **more}
        most = QUICK_SECONDS if function in QUICK else None
        try:
            return self._process.call(f"{HOST}:{function}", arguments, progress, most)
        except WorkFailed as failure:
            # Five minutes are no setting; below them the setting is the limit.
            is_fixed = most is not None and most <= self._process.limits.seconds
            if failure.cause not in _CURES or (failure.cause == "seconds" and is_fixed):
                raise
            message = f"{failure}; {_CURES[failure.cause]}"
            raise WorkFailed(failure.cause, message) from failure

    def describe(self, settings: Mapping[str, Any]) -> "Described":
        """Return what the source says of itself: once for each settings, so that it stays so.

        Args:
            settings: of the source, plain values.

        Raises:
            UnusableSource: it cannot be imported, or cannot say.
            ConfigError: it does not take these settings.
        """
        key = json.dumps(settings, sort_keys=True)
        with self._describing:
            if key not in self._descriptions:
                self._descriptions[key] = self._ask_for_description(settings)
            said = self._descriptions[key]
        if "invalid" in said:
            raise ConfigError(str(said["invalid"]))
        if "unusable" in said:
            raise UnusableSource(str(said["unusable"]))
        described: Described = said["description"]
        return described

    def _ask_for_description(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        where = describe_offer(self.entry)
        try:
            said = self.call("describe", settings)
            if "description" in said:
                said["description"] = Described.read(said["description"])
        except WorkFailed as failure:
            return {"unusable": f"{where} cannot be asked what it is: {failure}"}
        # Whatever that process sent in the place of a description.
        except Exception as garbled:
            return {"unusable": f"{where} describes itself in other shapes: {garbled}"}
        return dict(said)

    def new_folder(self) -> Path:
        """Make a folder of its own for one thing that is handed over."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return Path(mkdtemp(dir=self._folder))

    def interrupt(self) -> None:
        """End the process although a call may be under way."""
        self._process.interrupt()

    def close(self) -> None:
        """End the process."""
        self._process.close()


class ForeignSources:
    """The processes of a training, one for each source of a package that it asks."""

    def __init__(self, limits: Limits, folder: Path) -> None:
        """Start nothing yet.

        Args:
            limits: of each process.
            folder: for what they and the training hand to each other; made when it is needed.
        """
        self.limits = limits
        self._folder = folder
        self._processes: dict[str, SourceProcess] = {}
        self._lock = Lock()

    def process_of(self, entry: EntryPoint) -> SourceProcess:
        """Return the process of a source.

        Args:
            entry: of the package that offers it.
        """
        with self._lock:
            if entry.name not in self._processes:
                process = SourceProcess(entry, self.limits, self._folder)
                self._processes[entry.name] = process
            return self._processes[entry.name]

    def close(self) -> None:
        """End all processes, and remove what was handed over."""
        for process in self._processes.values():
            process.close()
        shutil.rmtree(self._folder, ignore_errors=True)


_current: ContextVar[ForeignSources | None] = ContextVar("foreign_sources", default=None)
"""Like the limits of BLAS these are of everything below, and decide no bit of a result."""


@contextmanager
def foreign_sources(limits: Limits, root: Path | None = None) -> Iterator[None]:
    """Let packages' sources be asked within the block; their processes end with it.

    Args:
        limits: of each process.
        root: folder in which theirs is made, as drafts of stages are, so that it is swept after a
            kill. None takes one for temporary files.
    """
    with ExitStack() as drafts:
        if root is None:
            folder = Path(mkdtemp(prefix="fusion-sources-"))
        else:
            folder = drafts.enter_context(draft_beside(root / "handed"))
        sources = ForeignSources(limits, folder)
        token = _current.set(sources)
        try:
            yield
        finally:
            _current.reset(token)
            sources.close()


def current() -> ForeignSources:
    """Return the processes of the block that this is called in.

    Raises:
        FusionError: it is called in none.
    """
    sources = _current.get()
    if sources is None:
        raise FusionError("a package's source is asked outside of `foreign_sources`")
    return sources
