"""Parts of the `[data]` section that say what the columns of a table mean."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StrictInt, model_validator

from fusion.core.settings import Settings

RESERVED = {
    "item_features": {"id", "text", "available_from", "available_until"},
    "user_features": {"id"},
}
"""Names that no category or number may have: the tables of items and users use them otherwise."""

Column = Annotated[str, Field(min_length=1)] | Annotated[StrictInt, Field(ge=1)]
"""A column of a file: its name, or its position from 1 where a text file has no line of names."""


def column_name(column: Column) -> str:
    """Return what a column is called inside: its name, or one made of its position.

    Args:
        column: name or position.
    """
    return column if isinstance(column, str) else f"column {column}"


def column_names(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return what columns are called inside.

    Args:
        columns: names or positions.
    """
    return tuple(map(column_name, columns))


class Columns(Settings):
    """Columns of the interactions by what they mean."""

    user: Column = Field(
        default="user",
        description="Column with the user's id: integer or text. As all columns, by its name, or "
        "by its position from 1 where the file has no line of names.",
    )
    item: Column = Field(default="item", description="Column with the item's id: integer or text.")
    time: Column | None = Field(
        default=None,
        description="Column with the moment: epoch seconds, ms or µs, date, ISO text. "
        "Without: file order.",
    )
    weight: Column | None = Field(
        default=None,
        description="Column with a number that says how much: rating, plays, hours. Without: 1.",
    )
    event: Column | None = Field(
        default=None,
        description="Column with the kind of event; [data.events] gives each a weight.",
    )

    @model_validator(mode="after")
    def _two_ids(self) -> Self:
        if self.user == self.item:
            raise ValueError(
                f"user and item both name the column {self.user!r}; name the one of each"
            )
        return self


class ItemColumns(Settings):
    """Columns of the items file by what they mean."""

    id: Column | None = Field(
        default=None,
        description="Column with the item's id. Default: its name in the interactions.",
    )
    available_from: Column | None = Field(
        default=None, description="Column with the time from which an item may be listed."
    )
    available_until: Column | None = Field(
        default=None, description="Column with the time from which it may not any more."
    )


class UserColumns(Settings):
    """Columns of the users file by what they mean."""

    id: Column | None = Field(
        default=None,
        description="Column with the user's id. Default: its name in the interactions.",
    )
    opt_out: Column | None = Field(
        default=None,
        description="Column that says who opted out: true or false, 1 or 0, yes or no.",
    )


class ItemFeatures(Settings):
    """Columns of the items file that describe an item."""

    text: tuple[Column, ...] = Field(
        default=(), description="Columns of words, joined in this order, for sources that read."
    )
    category: tuple[Column, ...] = Field(
        default=(), description='Columns of labels; "a|b|c" is a list of three.'
    )
    number: tuple[Column, ...] = Field(default=(), description="Columns of numbers.")


class UserFeatures(Settings):
    """Columns of the users file that describe a user."""

    category: tuple[Column, ...] = Field(default=(), description="Columns with one label.")
    number: tuple[Column, ...] = Field(default=(), description="Columns of numbers.")


def refuse_names(section: str, features: ItemFeatures | UserFeatures) -> None:
    """Refuse a feature that is named twice, or as another column of its table.

    Args:
        section: the key of the features in `[data]`.
        features: the columns.

    Raises:
        ValueError: the message names the columns.
    """
    names = column_names([*features.category, *features.number])
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            f"[data.{section}] names {', '.join(repeated)} twice; name each column once"
        )
    reserved = sorted(RESERVED[section].intersection(names))
    if reserved:
        raise ValueError(
            f"[data.{section}] cannot use the name {', '.join(reserved)}; "
            "rename the column in the file"
        )


def refuse_key(content: object) -> None:
    """Refuse a key of pseudonyms in a file.

    It would be copied wherever the file goes: into git, images, backups.

    Args:
        content: of `[data]`, as written.

    Raises:
        ValueError: there is one.
    """
    if isinstance(content, dict) and {"pseudonym_key", "pseudonyms_key"} & content.keys():
        raise ValueError(
            "the key of pseudonyms belongs in the environment, as FUSION_PSEUDONYM_KEY; "
            "take it out of here, and make a new one where the file was shared"
        )


def refuse_unknown_zone(name: str) -> None:
    """Refuse what is no time zone.

    Args:
        name: of the zone.

    Raises:
        ValueError: the message names it.
    """
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(
            f"{name!r} is no time zone; use an IANA name such as Asia/Shanghai or UTC"
        ) from error


def refuse_negative(events: Mapping[str, float]) -> None:
    """Refuse weights below 0.

    Sources learn from positive evidence only: such a weight would turn a dislike round.

    Args:
        events: weight by kind of event.

    Raises:
        ValueError: the message names the events.
    """
    negative = [name for name, weight in events.items() if weight < 0]
    if negative:
        raise ValueError(
            f"weights start at 0; below it: {', '.join(negative)}. Leave such events out"
        )


def require_file(table: str, section: str, source: object, columns: Settings) -> None:
    """Refuse columns of a file that is not named.

    Args:
        table: the key of the file in `[data]`.
        section: the key of the columns there.
        source: the file; None where it is not named.
        columns: what is said of its columns.

    Raises:
        ValueError: the message names both.
    """
    if source is None and columns != type(columns)():
        raise ValueError(f"[data.{section}] needs [data] {table}, the file that holds the columns")
