"""The `[lists]` section of the configuration file."""

from typing import Any, Final, Literal
from unicodedata import category

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from fusion.core.settings import Settings, describe, outside

AUTO: Final = "auto"
"""New items get the places that the ranker gives them."""


class NewItemPlaces(Settings):
    """Shares of places that new items have over the lists of everyone together."""

    min: float = Field(0.0, ge=0, le=1, description="share that they have at least")
    max: float = Field(1.0, ge=0, le=1, description="share that they have at most")

    @field_validator("max")
    @classmethod
    def _not_below_min(cls, most: float, info: ValidationInfo) -> float:
        # A wrong `min` is not among the data, and has a line of its own.
        least = info.data.get("min", 0.0)
        if most < least:
            raise ValueError(f"{most:g} is below min = {least:g}; swap them")
        return most


MOST_COLD_USERS = 100_000
"""Users without any interaction who get lists, unless set: a few million rows of SQL."""


class ListSettings(Settings):
    """The `[lists]` section: what is published."""

    placement: str = Field(
        "default", min_length=1, max_length=100, description="where the lists are shown"
    )
    size: int = Field(20, ge=1, le=1000, description="items a list shows")
    reserve: int = Field(
        10, ge=0, le=1000, description="further items kept, which move up when one is blocked"
    )
    users: str = Field(
        "all",
        pattern=r"^(all|active:[1-9]\d*d)$",
        description='who gets a list: "all" or "active:365d"',
    )
    exclude_seen: bool = Field(True, description="never list what the user has seen")
    rules: str | None = Field(
        None,
        min_length=1,
        description="file of rules that lists follow: allow lists, pins, boosts, limits",
        json_schema_extra=outside("file"),
    )
    why_rows: int = Field(
        200_000,
        ge=0,
        description="shown rows that are explained by the ranker, whole users by hash; 0 = none",
    )
    stickiness: float = Field(
        0.0,
        ge=0,
        le=10,
        description="an item of the live list yields only to one that the ranker scores higher by "
        "this many times what two trainings on the same data differ by; 0 = lists are made anew",
    )
    cold_users: int = Field(
        MOST_COLD_USERS,
        ge=0,
        description="users without any interaction who get lists of their own from attributes, "
        "where these beat the fallback; with more of them none is stored, 0 = never",
        # Left out where nobody set it, so that older configurations keep their hashes.
        exclude_if=lambda most: most == MOST_COLD_USERS,
    )
    new_items: Literal["auto"] | NewItemPlaces = Field(
        AUTO,
        # Runs without it keep the hash that they had before there was such a key.
        exclude_if=lambda asked: asked == AUTO,
        description="share of all shown places that items have which nobody has taken yet: auto = "
        "what the method finds; or at least min and at most max, each optional",
    )

    @field_validator("new_items", mode="before")
    @classmethod
    def _auto_or_shares(cls, asked: Any) -> Any:
        """Read the table here: a union of types would refuse it once for each of them."""
        if asked == AUTO or isinstance(asked, NewItemPlaces):
            return asked
        if not isinstance(asked, dict):
            raise ValueError(
                f"{asked!r} is none; write 'auto', or a table such as {{ min = 0.02, max = 0.2 }}"
            )
        try:
            shares = NewItemPlaces(**asked)
        except ValidationError as wrong:
            problems = [describe(problem, NewItemPlaces) for problem in wrong.errors()]
            raise ValueError("; ".join(problems)) from wrong
        if (shares.min, shares.max) == (0, 1):
            raise ValueError("any share is allowed; give min, max or both, or write 'auto'")
        return shares

    @field_validator("placement")
    @classmethod
    def _one_line(cls, name: str) -> str:
        # A line break would forge lines of logs, an escape sequence would steer terminals.
        steering = [letter for letter in name if category(letter) in ("Cc", "Cs", "Zl", "Zp")]
        if steering:
            raise ValueError(
                f"{name!r} holds {steering[0]!r}: letters, digits, signs and spaces are allowed, "
                "line breaks and control characters are not"
            )
        return name

    @property
    def active_days(self) -> int | None:
        """Days within which a user must have been active; None for all."""
        if self.users == "all":
            return None
        return int(self.users.removeprefix("active:").removesuffix("d"))
