"""Column types that mean the same on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from fusion.core.clocks import utc_now as utc_now  # noqa: PLC0414  the tables' clock
from fusion.masking import mask_secrets
from storage.database.errors import unreadable


class _SqliteTime(sqlite.DATETIME):
    """A time as text, whose damage is an error of ours."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        read = super().result_processor(dialect, coltype)
        assert read is not None  # SQLite has no times of its own: there is always text to read

        def _read(value: Any) -> Any:
            try:
                return read(value)
            except (TypeError, ValueError):  # a number, a text that is no time
                raise unreadable("time", value) from None

        return _read


class UtcTime(TypeDecorator[datetime]):
    """An aware time, always UTC: `timestamptz` on PostgreSQL, text on SQLite.

    The text, such as `2026-11-24 03:00:00.000000`, has no zone, so that it compares with SQLite's
    own `datetime('now')`; it reads back as aware UTC.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type.

        Args:
            dialect: of the database.
        """
        is_sqlite = dialect.name == "sqlite"
        own: TypeEngine[Any] = _SqliteTime() if is_sqlite else self.impl_instance  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(own)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert a time on its way to the database.

        Args:
            value: an aware time; None stays None.
            dialect: of the database.

        Returns:
            The time in UTC, without a zone on SQLite.

        Raises:
            ValueError: the time is naive: its zone would be a guess.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                f"time {value!r} has no zone: give an aware time, such as datetime.now(UTC)"
            )
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert a time that comes from the database.

        Args:
            value: also what another program wrote, with or without a zone.
            dialect: of the database.

        Returns:
            The time as aware UTC; a time without a zone is taken as UTC.
        """
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class MaskedText(TypeDecorator[str]):
    """A text that people or failures give: secrets in it are masked on their way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Mask a text on its way to the database.

        Args:
            value: the text; None stays None.
            dialect: of the database.

        Returns:
            The text without secrets.
        """
        return None if value is None else mask_secrets(value)


_BYTE_ORDER = Text(collation="C")
ID_TEXT = Text().with_variant(_BYTE_ORDER, "postgresql")
"""Type of outside ids: text compared byte by byte in every language."""
