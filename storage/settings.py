"""The `[storage]` part of the configuration."""

from collections.abc import Iterator

from pydantic import ConfigDict, Field

from fusion.settings import Settings
from storage.urls import masked


class StorageSettings(Settings):
    """Where runs and lists are stored. A representation of these settings never shows the password."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(
        "sqlite:///fusion.db",
        description="SQLAlchemy URL of an SQLite file (sqlite:///fusion.db) or of a PostgreSQL database "
        "(postgresql+psycopg://user:password@host/database); secrets by FUSION_STORAGE__URL",
    )

    def __repr_args__(self) -> Iterator[tuple[str, object]]:
        """Show the URL without its password."""
        yield "url", masked(self.url)
