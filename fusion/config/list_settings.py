"""The `[lists]` section of the configuration file."""

from unicodedata import category

from pydantic import Field, field_validator

from fusion.core.settings import Settings, outside


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
