"""The base of every configuration model: frozen, no unknown keys, hashable by content."""

import json
from collections.abc import Iterable
from difflib import get_close_matches
from hashlib import sha256
from typing import Any, get_args

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
    return Field(
        default, gt=above, ge=least, description=description, json_schema_extra={"tune": search}
    )


def describe(error: Any, model: type[BaseModel]) -> str:
    """One line for one of pydantic's problems with a `model`: where, what, the nearest known key to an unknown one."""
    *section, key = [str(part) for part in error["loc"]] or ["file"]
    where = f"[{'.'.join(section)}] {key}" if section else key
    if error["type"] == "extra_forbidden":
        known = _fields_at(model, [part for part in error["loc"][:-1] if isinstance(part, str)])
        close = get_close_matches(key, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return f"{where}: unknown key.{hint} Known: {', '.join(known)}."
    if error["type"] == "missing":
        return f"{where}: is needed and has no default"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _fields_at(model: type[BaseModel], section: list[str]) -> list[str]:
    """Keys that a section takes."""
    for part in section:
        field = model.model_fields.get(part)
        found = _model_in(field.annotation) if field else None
        model = found or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, looking into unions and tuples."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _model_in(inner))), None)
