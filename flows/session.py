"""A session: one configuration with its folder, database and artifacts at hand."""

import getpass
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from flows.settings import Config, read_config
from fusion.core.progress import Progress, Step, no_progress, run_plain
from storage.connect import connect, make_database
from storage.database.limits import TimeLimits
from storage.database.settings import StorageSettings
from storage.database.urls import resolve_url

if TYPE_CHECKING:  # light verbs time nothing, and read no data
    import polars as pl

    from flows.step_timer import StepTimer
    from fusion.runs.stages.remote import Remote


def user_name() -> str:
    """Return the name of the OS user; their number where the system knows no name for it.

    Containers often run as a number alone.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def has_terminal() -> bool:
    """Return whether standard input is a terminal, as it is not under cron or a process manager."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


@dataclass(frozen=True)
class Session:
    """Everything that a verb needs of one configuration.

    Attributes:
        config: the whole configuration.
        base: the folder of its file, at which its relative paths start.
        by: a name for the history of slots.
        step: runs a named step; a caller may show it, or make it a Prefect task.
        progress: gives a callback of (done, total) for a step by its name.
        read_only: the database refuses every write, for verbs that only look.
        attended: whether a person waits at a terminal, who sees when something hangs.
        shared_store: store of another folder, from which stages are copied and not made again.
    """

    config: Config
    base: Path
    by: str = field(default_factory=user_name)
    step: Step = run_plain
    progress: Callable[[str], Progress] = no_progress
    read_only: bool = False
    attended: bool = field(default_factory=has_terminal)
    shared_store: Path | None = None

    @cached_property
    def timer(self) -> "StepTimer":
        """Runs steps by `step`, and notes what each costs."""
        from flows.step_timer import StepTimer  # noqa: PLC0415

        return StepTimer(self.step)

    @classmethod
    def open(cls, path: Path, **more: object) -> "Session":
        """Read a configuration file as a session.

        Args:
            path: the configuration file.
            more: further fields by name: `by`, `step`, `progress`, `read_only`, `attended`.

        Returns:
            The session; its database is not opened yet.

        Raises:
            ConfigError: the file is missing, or is no configuration.
        """
        return cls(read_config(path), path.resolve().parent, **more)  # type: ignore[arg-type]

    def at(self, placement: str) -> "Session":
        """Return this session at another placement, over the same database.

        Args:
            placement: where lists are shown.
        """
        lists = self.config.lists.model_copy(update={"placement": placement})
        return self.varied(self.config.model_copy(update={"lists": lists}))

    def varied(self, config: Config) -> "Session":
        """Return this session with another configuration, over the same connections.

        Args:
            config: whose database and folders are those of this session.

        Raises:
            FusionError: as `engine`, which is opened here.
        """
        varied = replace(self, config=config)
        # A pool of its own would be opened and left behind with every copy.
        varied.__dict__["engine"] = self.engine
        return varied

    @cached_property
    def engine(self) -> Engine:
        """The database, at the newest revision; opening it makes and changes nothing.

        Raises:
            ConfigError: it is not there, holds no tables, or those of another version.
            DamagedDatabase: something that fusion made is gone.
        """
        return connect(self.storage, read_only=self.read_only)

    @property
    def storage(self) -> StorageSettings:
        """The settings of the database, with a relative SQLite file at the base."""
        settings = self.config.storage
        # With its password: this text is for the driver, and is never shown.
        url = resolve_url(settings.url, self.base).render_as_string(hide_password=False)
        return settings.model_copy(update={"url": url})

    def make_database(self) -> None:
        """Make the database where there is none yet; an older one stays as it is."""
        make_database(self.storage)

    def read_sql(self, url: str, query: str) -> "pl.DataFrame":
        """Run a query of `[data]`, as storage.reading.frames does, within `[limits]`.

        Args:
            url: of its database; a relative SQLite file starts at the base.
            query: one SELECT.

        Returns:
            The rows.
        """
        from storage.reading.frames import read_sql  # noqa: PLC0415

        limits = self.config.core.limits
        waits = TimeLimits(
            lock=limits.query_lock_seconds,
            statement=limits.query_seconds,
            settings=("[limits] query_lock_seconds", "[limits] query_seconds"),
        )
        return read_sql(url, query, self.base, waits)

    @property
    def placement(self) -> str:
        """The place where the lists are shown."""
        return self.config.lists.placement

    @property
    def runs(self) -> Path:
        """The folder of runs and of the store."""
        return self.base / self.config.artifacts.path

    @property
    def remote(self) -> "Remote | None":
        """The store of stages that other machines share, where `[artifacts]` names one."""
        from fusion.runs.stages.remote import Remote  # noqa: PLC0415 - reads and looks need none

        url = self.config.artifacts.store
        return None if url is None else Remote(url)

    @property
    def workspace(self) -> Path:
        """The folder of the dashboards over runs."""
        workspace = self.config.monitor.workspace
        return self.base / workspace if workspace else self.runs / "workspace"
