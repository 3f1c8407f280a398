"""Forms of rules: whom a rule is for, and which items it names."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from fusion.core.settings import Settings

EQUATION = r"^[^=]+=.+$"
"""The form of "column=value"."""
MAX_NAMED = 3
"""Items that the text of a rule names; more would not fit a line of a report."""


def _as_text(value: Any) -> Any:
    """Turn an integer into text: ids may be written as either."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# In TOML 17 and "17" are different values; as ids they are meant to be the same.
Id = Annotated[str, BeforeValidator(_as_text)]


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
    """A rule about items named one by one or by category."""

    items: tuple[Id, ...] = Field((), description="ids of items")
    categories: tuple[Annotated[str, Field(pattern=EQUATION)], ...] = Field(
        (), description='items of these categories too: "column=value" of the items\' categories'
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.items and not self.categories:
            raise ValueError("names nothing; give `items`, `categories` or both")
        return self

    @property
    def items_text(self) -> str:
        """The items, for people."""
        if not self.items:
            return " and ".join(self.categories)
        noun = "items" if len(self.items) > 1 else "item"
        more = ", ..." if len(self.items) > MAX_NAMED else ""
        items = f"{noun} {', '.join(self.items[:MAX_NAMED])}{more}"
        return " and ".join([items, *self.categories])
