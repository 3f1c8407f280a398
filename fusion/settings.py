"""The base of every configuration model: frozen, no unknown keys, hashable by content."""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """A frozen piece of configuration; every field carries a default, bounds and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def config_hash(config: BaseModel, exclude: Iterable[str] = ()) -> str:
    """Give 12 hex digits over the canonical JSON of `config`, leaving out the top-level fields `exclude`."""
    content = config.model_dump(mode="json", exclude=set(exclude))
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def tunable(default: float, low: float, high: float, *, log: bool = False, description: str) -> Any:
    """Declare a number that tuning may search between `low` and `high`, on a log scale if `log`.

    By hand it may be anything above 0, and 0 where the search begins there.
    """
    search: dict[str, Any] = {"low": low, "high": high, "log": log}
    above, least = (0, None) if low > 0 else (None, 0)
    return Field(default, gt=above, ge=least, description=description, json_schema_extra={"tune": search})
