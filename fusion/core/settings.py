"""The base of every configuration model: frozen, no unknown keys, hashable by content."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from fusion.errors import ConfigError

LONGEST = 1e300
"""Numbers from here on are not written out in messages."""
LARGEST = 2**31 - 1
"""Largest number of a setting, as of LightGBM and of most C libraries."""


def _as_text(value: Any) -> Any:
    """Turn an integer into text: ids may be written as either."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# In TOML 17 and "17" are different values; as ids they are meant to be the same.
Id = Annotated[str, BeforeValidator(_as_text)]


class Settings(BaseModel):
    """A frozen piece of configuration; every field carries a default, bounds and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _countable(cls, value: Any) -> Any:
        # Products of settings with bytes, days or rows must fit the integers of arrays.
        if isinstance(value, int | float) and abs(value) > LARGEST:
            # An integer may be longer than any float, and than Python turns into text.
            shown = f"{value:g}" if abs(value) < LONGEST else "it"
            raise ValueError(f"{shown} is too large; numbers go up to {LARGEST:,}")
        return value


def require_text(name: str, text: str) -> None:
    """Refuse text that no file, database or terminal takes.

    Args:
        name: of the option, variable or setting.
        text: as the system gave it; bytes that are no UTF-8 are halves of surrogate pairs there.

    Raises:
        ConfigError: it is not UTF-8, or holds a NUL.
    """
    if "\0" in text:
        raise ConfigError(f"{name} holds the character NUL, which nothing outside takes: remove it")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ConfigError(f"{name} is not UTF-8: write it in a terminal or file that is")


def config_hash(config: BaseModel, exclude: Iterable[str] = ()) -> str:
    """Hash the content of a configuration.

    Args:
        config: any model.
        exclude: top-level fields that do not count.

    Returns:
        12 hex digits over its canonical JSON (sorted keys), the same in every process.
    """
    content = config.model_dump(mode="json", exclude=set(exclude))
    canonical = json.dumps(content, sort_keys=True)
    return sha256(canonical.encode()).hexdigest()[:12]


def tunable(default: float, low: float, high: float, *, log: bool = False, description: str) -> Any:
    """Declare a number that tuning may search.

    Set by hand it may be anything above 0, and 0 itself where the search begins there.

    Args:
        default: used without tuning.
        low: lower end of the search.
        high: upper end of the search.
        log: search on a log scale.
        description: a phrase for the configuration page.

    Returns:
        A pydantic field; the search range stands in its JSON schema under "tune".
    """
    search: dict[str, Any] = {"low": low, "high": high, "log": log}
    bound: dict[str, Any] = {"gt": 0} if low > 0 else {"ge": 0}
    return Field(default, description=description, json_schema_extra={"tune": search}, **bound)


Outside = Literal[
    "table", "file", "folder", "store", "database", "recommender", "encoder", "device"
]
"""Kinds of things outside the configuration that a setting may name."""


def outside(kind: Outside) -> dict[str, Any]:
    """Mark a field whose value names something that may be missing: `fusion check` looks for it.

    Args:
        kind: of the thing.

    Returns:
        What `Field` takes as `json_schema_extra`.
    """
    return {"outside": kind}


@dataclass(frozen=True)
class Named:
    """A setting that names something outside the configuration.

    Attributes:
        key: of the field, with those of the sections it stands in, joined by dots.
        kind: of what it names.
        value: as configured.
    """

    key: str
    kind: Outside
    value: Any


def named_outside(settings: BaseModel, section: str = "") -> Iterator[Named]:
    """Iterate over the settings that `outside` marks, in every section.

    Args:
        settings: a configuration, or a part of it.
        section: keys that lead to it, with a dot after each.

    Yields:
        Each marked field that is set.
    """
    for name, info in type(settings).model_fields.items():
        value, key = getattr(settings, name), f"{section}{info.alias or name}"
        extra = info.json_schema_extra
        if isinstance(extra, dict) and "outside" in extra:
            if value is not None:
                yield Named(key, extra["outside"], value)  # type: ignore[arg-type]
            continue
        inner = value if isinstance(value, tuple) else (value,)
        for part in inner:
            if isinstance(part, BaseModel):
                yield from named_outside(part, f"{key}.")


def describe(error: Any, model: type[BaseModel]) -> str:
    """Describe one of pydantic's errors in a line that names the place and the cure.

    Args:
        error: an entry of `ValidationError.errors()`.
        model: the model that was validated.

    Returns:
        The section and key, what is wrong there, and for an unknown key the nearest known one.
    """
    # An error of the model as a whole has no location: it concerns the file.
    *section, key = [_shown(str(part)) for part in error["loc"]] or ["file"]
    where = f"[{'.'.join(section)}] {key}" if section else key
    if error["type"] == "extra_forbidden":
        # Indices of lists, such as the second of several [[sources]], name no field.
        names = [part for part in error["loc"][:-1] if isinstance(part, str)]
        known = _fields_at(model, names)
        close = get_close_matches(key, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return f"{where}: unknown key.{hint} Known: {', '.join(known)}."
    if error["type"] == "missing":
        return f"{where}: is needed and has no default"
    if error["type"] == "string_pattern_mismatch":
        return f"{where}: {error['input']!r} is none; it must match {error['ctx']['pattern']}"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _shown(name: str) -> str:
    """Return a name as it is written; one of blanks alone in quotes, since nobody would see it."""
    return name if name.strip() else repr(name)


def _fields_at(model: type[BaseModel], section: list[str]) -> list[str]:
    """List the keys that a section takes."""
    for part in section:
        field = model.model_fields.get(part)
        inner = _model_in(field.annotation) if field else None
        model = inner or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first model inside an annotation, looking into unions and tuples."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        model = _model_in(inner)
        if model is not None:
            return model
    return None
