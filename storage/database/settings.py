"""The `[storage]` part of the configuration."""

from collections.abc import Iterator

from pydantic import ConfigDict, Field

from fusion.core.settings import Settings, outside
from storage.database.limits import TimeLimits
from storage.database.urls import masked


class StorageSettings(Settings):
    """The database of runs and lists. These settings never show its password."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(
        "sqlite:///fusion.db",
        description="SQLAlchemy URL of an SQLite file (sqlite:///fusion.db) or of a PostgreSQL "
        "database (postgresql+psycopg://user:password@host/database); secrets by "
        "FUSION_STORAGE__URL",
        json_schema_extra=outside("database"),
    )

    schema_name: str | None = Field(
        None,
        alias="schema",  # the plain name is taken by pydantic
        pattern="^[a-z_][a-z0-9_]{0,62}$",
        description="PostgreSQL schema that holds everything, made when it is not there: several "
        "tenants in one database do not see each other. None: the first schema of the user's "
        "search_path, mostly public",
        json_schema_extra=outside("database"),
    )

    patience: float = Field(
        10.0,
        ge=0,
        le=1440,
        description="minutes for which loading a trained run and publishing it try again while the "
        "database is away or busy, before they end with exit code 75; 0: not at all",
    )

    connect_timeout: int = Field(
        10,
        ge=1,
        le=3600,
        description="seconds to wait for a PostgreSQL server that does not answer",
    )

    lock_timeout: float = Field(
        30.0,
        gt=0,
        le=86400,
        description="seconds to wait for a lock that another session of the database holds, before "
        "exit code 75",
    )

    statement_timeout: float = Field(
        3600.0,
        gt=0,
        le=604800,
        description="seconds that one statement may take, before exit code 75; loading a table "
        "is one",
    )

    @property
    def limits(self) -> TimeLimits:
        """Seconds to wait for the database."""
        return TimeLimits(
            connect=self.connect_timeout,
            lock=self.lock_timeout,
            statement=self.statement_timeout,
            away=60 * self.patience,
        )

    def __repr_args__(self) -> Iterator[tuple[str, object]]:
        """Show the URL without its password."""
        yield "url", masked(self.url)
        yield "schema", self.schema_name
        yield "patience", self.patience
        yield "connect_timeout", self.connect_timeout
        yield "lock_timeout", self.lock_timeout
        yield "statement_timeout", self.statement_timeout
