"""Settings that say where a table stands: a file, a folder, a glob, or a query."""

from pydantic import Field

from fusion.core.settings import Settings


class SqlInput(Settings):
    """A table that is the result of a query."""

    url: str = Field(
        default="",
        repr=False,  # it may hold a password
        description="SQLAlchemy address of the database, such as postgresql+psycopg://host/shop.",
    )
    query: str = Field(
        default="", description="SELECT statement whose columns the other settings name."
    )


Source = str | SqlInput


def refuse_incomplete(source: Source | None) -> None:
    """Refuse a table that is named by half.

    Args:
        source: as configured; None where there is none.

    Raises:
        ValueError: the message says what is missing.
    """
    if isinstance(source, SqlInput) and not (source.url and source.query):
        raise ValueError('a SQL input needs both: { url = "...", query = "select ..." }')
    if isinstance(source, str) and not source.strip():
        raise ValueError("is empty; give a file, folder or glob")
