"""Rules of lists as people write them: allow lists, pins, boosts, limits and diversity, as TOML."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from fusion.core.settings import Id, Settings, config_hash, describe, outside
from fusion.core.toml_file import read_toml
from fusion.errors import ConfigError
from fusion.lists.business_rules.exposure_limits import LimitExposure
from fusion.lists.business_rules.rule_forms import Aimed, Named


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
    limit_exposure: tuple[LimitExposure, ...] = Field(
        (),
        description="The least and the most share of exposure that an item group has over all "
        "lists; what costs least changes.",
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
        every_rule = (*self.allow, *self.pin, *self.boost, *self.limit, *self.limit_exposure)
        for rule in every_rule:
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
