"""Rules of lists as people write them: allow lists, pins, boosts, limits and diversity, as TOML."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from fusion.core.settings import Settings, config_hash, describe, outside
from fusion.core.toml_file import read_toml
from fusion.errors import ConfigError

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


class Allow(Named):
    """The only items that may be listed. Entries for one segment add up."""

    def __str__(self) -> str:
        return f"allow {self.items_text}{self.segment_text}"


class Pin(Aimed):
    """An item at a fixed rank, for those to whom it may be shown."""

    item: Id = Field(description="id of the item")
    rank: int = Field(1, ge=1, description="where it stands; at most `lists.size`")

    def __str__(self) -> str:
        return f"pin item {self.item} at {self.rank}{self.segment_text}"


class Boost(Named):
    """Items that stand higher or lower than the method puts them."""

    places: int = Field(description="by how many ranks they move up; below 0 they move down")

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if not self.places:
            raise ValueError("places = 0 moves nothing; give a number above or below 0")
        return self

    def __str__(self) -> str:
        verb = "boost" if self.places > 0 else "lower"
        return f"{verb} {self.items_text} by {abs(self.places)}{self.segment_text}"


class Limit(Aimed):
    """The largest share of a list that items of one category may have, the reserve counted in."""

    category: str = Field(
        min_length=1, description='"column=value", or a column: then each of its values is limited'
    )
    share: float = Field(
        gt=0, lt=1, description="of `lists.size`; at least one item of a category may always stand"
    )

    def most(self, size: int) -> int:
        """Return how many items of one category a list may hold.

        Args:
            size: items that a list shows.

        Returns:
            At least 1.
        """
        # 0.3 * 10 is 2.9999999999999996 as a float, and 3 is meant.
        return max(1, int(self.share * size + 1e-9))

    def __str__(self) -> str:
        return f"limit {self.category} to {self.share:g}{self.segment_text}"


class Diversity(Settings):
    """Diversity by maximal marginal relevance."""

    by: str = Field(
        min_length=1, description='likeness: "text" (vectors), or a category column (shared values)'
    )
    weight: float = Field(
        0.3, gt=0, lt=1, description="of likeness; the rest is that of the method's order"
    )
    depth: int = Field(
        100, ge=2, le=1000, description="best candidates that are looked at; the others follow"
    )
    encoder: str = Field(
        "auto",
        description="of texts, as in the source `content`",
        json_schema_extra=outside("encoder"),
    )

    def __str__(self) -> str:
        return f"diversity by {self.by}"


class RuleSet(Settings):
    """The content of a rules file; without any entry lists stay as the method makes them."""

    allow: tuple[Allow, ...] = Field(
        (),
        description="Only these items may be listed. Entries for one segment add up; who is in "
        "several gets what all of them allow.",
    )
    pin: tuple[Pin, ...] = Field(
        (),
        description="An item at a fixed rank, unless it is blocked, unavailable, not allowed, or "
        "met and `exclude_seen` is on.",
    )
    boost: tuple[Boost, ...] = Field(
        (),
        description="Items that stand higher or lower than the method puts them. It moves "
        "candidates and adds none.",
    )
    limit: tuple[Limit, ...] = Field(
        (),
        description="The largest share of a list that items of one category may have, the reserve "
        "counted in.",
    )
    diversity: Diversity | None = Field(
        None,
        description="Maximal marginal relevance: each next item is weighed against its likeness to "
        "those before it.",
    )

    @model_validator(mode="after")
    def _pins_agree(self) -> Self:
        """Refuse two pins of one item, or at one rank, for the same users."""
        for key in ("item", "rank"):
            # One segment and everyone may pin the same: the general pin then comes second.
            counts = Counter((pin.segment, getattr(pin, key)) for pin in self.pin)
            for (segment, value), count in counts.items():
                if count > 1:
                    users = segment or "everyone"
                    raise ValueError(
                        f"[[pin]] has {key} {value} twice for {users}; keep one of them"
                    )
        return self

    @property
    def hash(self) -> str:
        """12 hex digits over the content."""
        return config_hash(self)

    def segments(self) -> Iterator[tuple[Aimed, str]]:
        """Iterate over the rules that are for a segment.

        Yields:
            A rule and its segment.
        """
        for rule in (*self.allow, *self.pin, *self.boost, *self.limit):
            if rule.segment:
                yield rule, rule.segment


def read_rules(path: Path) -> RuleSet:
    """Read a rules file.

    Args:
        path: TOML in UTF-8, with or without a byte order mark.

    Returns:
        The rules.

    Raises:
        ConfigError: the file is not there or cannot be read; or, for every wrong key, the problem
            of its value and the nearest known key.
    """
    try:
        return RuleSet(**read_toml(path))
    except FileNotFoundError as error:
        raise ConfigError(
            f"no rules at {path}; write them there or take `rules` out of [lists]"
        ) from error
    except ValidationError as error:
        problems = "\n".join(f"  {describe(problem, RuleSet)}" for problem in error.errors())
        raise ConfigError(f"{path} holds no rules that can be kept:\n{problems}") from error
