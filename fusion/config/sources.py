"""`[[sources]]` entries, and the set that runs where there are none."""

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from fusion.core.settings import Settings

DEFAULT_SOURCES = (
    "popularity",
    "als",
    "ease",
    "item_knn",
    "user_knn",
    "neighbour_trend",
    "sequence",
    "category",
    "content",
    "neural",
)
"""Sources that run where none is configured, in the order of their columns."""
RESERVED = ("ranker", "blend", "random", "control", "live", "best")
"""Rows beside those of the sources, in verdicts and among fits; and `best_rank` is a feature."""
IN_NO_ORDER = {"neural": "autoencoder"}
"""Stands in for a default source that reads an order, where data without times has none."""


class SourceSettings(Settings):
    """One `[[sources]]` entry."""

    name: str = Field(description="what features, rows and reports call it; unique")
    use: str = Field("", description="the recommender it is; default: its name")
    k: int = Field(100, ge=1, le=10_000, description="candidates it proposes for each user")
    refit: Literal["fold", "warm"] = Field(
        "fold",
        description="fold: every fold's fit begins from nothing; warm: from that of the fold "
        "before (neural)",
    )
    settings: dict[str, Any] = Field({}, description="the recommender's own settings")

    @model_validator(mode="before")
    @classmethod
    def _use_is_name(cls, entry: Any) -> Any:
        if isinstance(entry, dict) and not entry.get("use"):
            return {**entry, "use": entry.get("name", "")}
        return entry

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in RESERVED:
            raise ValueError(
                f"takes lower-case letters, digits and _, and not {', '.join(RESERVED)}"
            )
        return name
