"""Rules of lists as people write them: allow lists, pins, boosts, limits and diversity, in a TOML file."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from fusion.core.settings import Settings, config_hash, describe
from fusion.errors import ConfigError

EQUATION = r"^[^=]+=.+$"


def _as_text(given: Any) -> Any:
    """Ids may be written as integers."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


Id = Annotated[str, BeforeValidator(_as_text)]


class Aimed(Settings):
    """A rule for everyone or for some."""

    segment: str | None = Field(
        None,
        pattern=EQUATION,
        description='for whom: "column=value" of the users\' categories; default: everyone',
    )

    @property
    def whom(self) -> str:
        """For people, after what the rule does."""
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
    def what(self) -> str:
        """The items, for people."""
        some = ", ".join(self.items[:3]) + (", ..." if len(self.items) > 3 else "")
        words = [f"item{'s' if len(self.items) > 1 else ''} {some}"] if self.items else []
        return " and ".join([*words, *self.categories])


class Allow(Named):
    """Only these items may be listed. Entries for one segment add up; who is in several gets what all of them allow."""

    def __str__(self) -> str:
        return f"allow {self.what}{self.whom}"


class Pin(Aimed):
    """An item at a fixed rank, unless it is blocked, unavailable, not allowed, or met and `exclude_seen` is on."""

    item: Id = Field(description="id of the item")
    rank: int = Field(1, ge=1, description="where it stands; at most `lists.size`")

    def __str__(self) -> str:
        return f"pin item {self.item} at {self.rank}{self.whom}"


class Boost(Named):
    """Items that stand higher or lower than the method puts them. It moves candidates and adds none."""

    places: int = Field(description="by how many ranks they move up; below 0 they move down")

    @model_validator(mode="after")
    def _moves(self) -> Self:
        if not self.places:
            raise ValueError("places = 0 moves nothing; give a number above or below 0")
        return self

    def __str__(self) -> str:
        return f"{'boost' if self.places > 0 else 'lower'} {self.what} by {abs(self.places)}{self.whom}"


class Limit(Aimed):
    """The largest share of a list that items of one category may have, the reserve counted in."""

    category: str = Field(
        min_length=1, description='"column=value", or a column: then each of its values is limited'
    )
    share: float = Field(
        gt=0, lt=1, description="of `lists.size`; at least one item of a category may always stand"
    )

    def most(self, size: int) -> int:
        """Items of one category that a list showing `size` may hold."""
        return max(1, int(self.share * size + 1e-9))

    def __str__(self) -> str:
        return f"limit {self.category} to {self.share:g}{self.whom}"


class Diversity(Settings):
    """Maximal marginal relevance: each next item is weighed against its likeness to those before it."""

    by: str = Field(
        min_length=1, description='likeness: "text" (vectors), or a category column (shared values)'
    )
    weight: float = Field(
        0.3, gt=0, lt=1, description="of likeness; the rest is that of the method's order"
    )
    depth: int = Field(
        100, ge=2, le=1000, description="best candidates that are looked at; the others follow"
    )
    encoder: str = Field("auto", description="of texts, as in the source `content`")

    def __str__(self) -> str:
        return f"diversity by {self.by}"


class RuleSet(Settings):
    """What a rules file holds; without any entry lists stay as the method makes them."""

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
        for what in ("item", "rank"):
            keys = [(pin.segment, getattr(pin, what)) for pin in self.pin]
            for segment, value in dict.fromkeys(key for key in keys if keys.count(key) > 1):
                raise ValueError(
                    f"[[pin]] has {what} {value} twice for {segment or 'everyone'}; keep one of them"
                )
        return self

    @property
    def hash(self) -> str:
        """12 hex digits over the content."""
        return config_hash(self)

    def segments(self) -> Iterator[tuple[Aimed, str]]:
        """Rules with the segment that each is for, where it is for one."""
        for rule in (*self.allow, *self.pin, *self.boost, *self.limit):
            if rule.segment:
                yield rule, rule.segment


def read_rules(path: Path) -> RuleSet:
    """Read a rules file; ConfigError names every wrong key with the value's problem and the nearest known key."""
    try:
        return RuleSet(**tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError as missing:
        raise ConfigError(
            f"no rules at {path}; write them there or take `rules` out of [lists]"
        ) from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{path} is not valid TOML: {wrong}") from wrong
    except OSError as wrong:
        raise ConfigError(f"cannot read {path}: {wrong.strerror}") from wrong
    except ValidationError as wrong:
        problems = "\n".join(f"  {describe(error, RuleSet)}" for error in wrong.errors())
        raise ConfigError(f"{path} holds no rules that can be kept:\n{problems}") from wrong
