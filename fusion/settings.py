"""The base of every configuration model: frozen, no unknown keys, hashable by content."""

import json
from collections.abc import Iterable
from hashlib import sha256

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen piece of configuration; every field carries a default, bounds and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def config_hash(config: BaseModel, exclude: Iterable[str] = ()) -> str:
    """Give 12 hex digits over the canonical JSON of `config`, leaving out the top-level fields `exclude`."""
    content = config.model_dump(mode="json", exclude=set(exclude))
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
