"""A session: one configuration with its folder, database and artifacts at hand."""

import getpass
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from flows.settings import Config, read_config
from fusion.core.progress import Progress, Step, no_progress, run_plain
from storage.connect import connect
from storage.database.urls import resolve_url


@dataclass(frozen=True)
class Session:
    """What every verb needs. Relative paths in the configuration start at `base`, the folder of its file."""

    config: Config
    base: Path
    by: str = field(default_factory=getpass.getuser)
    step: Step = run_plain
    progress: Callable[[str], Progress] = no_progress

    @classmethod
    def open(cls, path: Path, **more: object) -> "Session":
        """Read the configuration at `path`."""
        return cls(read_config(path), path.resolve().parent, **more)  # type: ignore[arg-type]

    @cached_property
    def engine(self) -> Engine:
        """The database, at the newest revision."""
        url = resolve_url(self.config.storage.url, self.base).render_as_string(hide_password=False)
        return connect(self.config.storage.model_copy(update={"url": url}), migrate=True)

    @property
    def placement(self) -> str:
        """Where the lists are shown."""
        return self.config.lists.placement

    @property
    def runs(self) -> Path:
        """The folder of runs and of the store."""
        return self.base / self.config.artifacts.path

    @property
    def workspace(self) -> Path:
        """The folder of the dashboards over runs."""
        return (
            self.base / self.config.monitor.workspace
            if self.config.monitor.workspace
            else self.runs / "workspace"
        )
