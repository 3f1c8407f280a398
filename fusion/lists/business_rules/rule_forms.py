"""Forms of rules: whom a rule is for, and which items it names."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from fusion.core.settings import Id, Settings

EQUATION = r"^[^=]+=.+$"
"""The form of "column=value"."""
MAX_NAMED = 3
"""Items that the text of a rule names; more would not fit a line of a report."""


class Aimed(Settings):
    """A rule for everyone or for a segment."""

    segment: str | None = Field(
        None,
        pattern=EQUATION,
        description='for whom: "column=value" of the users\' categories; default: everyone',
    )

    @property
    def segment_text(self) -> str:
        """The segment, for people, after what the rule does."""
        return f" for {self.segment}" if self.segment else ""


class Named(Aimed):
    """A rule about items named one by one or by category.

    Attributes:
        KEYS: by which items may be named, for people.
    """

    KEYS: ClassVar[str] = "`items`, `categories` or both"

    items: tuple[Id, ...] = Field((), description="ids of items")
    categories: tuple[Annotated[str, Field(pattern=EQUATION)], ...] = Field(
        (), description='items of these categories too: "column=value" of the items\' categories'
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.names_something:
            raise ValueError(f"names nothing; give {self.KEYS}")
        return self

    @property
    def names_something(self) -> bool:
        """False where no key names any item."""
        return bool(self.items or self.categories)

    @property
    def items_text(self) -> str:
        """The items, for people."""
        if not self.items:
            return " and ".join(self.categories)
        noun = "items" if len(self.items) > 1 else "item"
        more = ", ..." if len(self.items) > MAX_NAMED else ""
        items = f"{noun} {', '.join(self.items[:MAX_NAMED])}{more}"
        return " and ".join([items, *self.categories])
