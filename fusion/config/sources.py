"""`[[sources]]` entries, and the set that runs where there are none."""

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from fusion.core.settings import Settings, outside

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
RESERVED = {
    "ranker": "a row of the verdict",
    "blend": "a row of the verdict and a feature",
    "random": "the control row of the verdict",
    "control": "the fits of the control row",
    "live": "a slot",
    "best": "a part of the feature `best_rank`",
    "mean_weight": "a row of rating errors",
    "item_mean_weight": "a row of rating errors",
    "verdict": "a subject of the table `metric`",
    "fallback": "a subject of the table `metric`",
    "fallback_all": "a subject of the table `metric`",
    "features": "a subject of the table `metric`",
    "exposure": "a subject of the table `metric`",
    "estimate": "a subject of the table `metric`",
    "users": "a subject of the table `metric`",
    "items": "a subject of the table `metric`",
    "interactions": "a subject of the table `metric`",
    "scores": "a subject of the table `metric`",
    "lists": "a subject of the table `metric`",
}
"""Names that no source may have, by what they name already.

The figures of a source stand under its name, beside those of the same run that are no source's.
"""
IN_NO_ORDER = {"neural": "autoencoder"}
"""Stands in for a default source that reads an order, where data without times has none."""


class SourceSettings(Settings):
    """One `[[sources]]` entry."""

    name: str = Field(
        description="what features, rows and reports call it; unique, and not a reserved name"
    )
    use: str = Field(
        "",
        description="the recommender it is; default: its name",
        json_schema_extra=outside("recommender"),
    )
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
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"{name!r}: takes lower-case letters, digits and _, a letter first")
        if name in RESERVED:
            raise ValueError(describe_reserved(name))
        return name


def describe_reserved(name: str) -> str:
    """Say why a name is reserved, and what may be chosen instead.

    Args:
        name: one of `RESERVED`.

    Returns:
        A sentence or two.
    """
    return (
        f"{name!r} is reserved: it is {RESERVED[name]}. Take another name, such as 'my_{name}'; "
        f"all but these are free: {', '.join(RESERVED)}"
    )
