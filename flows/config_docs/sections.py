"""Sections of a configuration, as its models declare them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from fusion.config import DEFAULT_SOURCES, IN_NO_ORDER

WIDTH = 118
"""Columns of the wrapped text that is written: that of the other pages."""


@dataclass(frozen=True)
class Section:
    """One table of a TOML file.

    Attributes:
        name: its dotted name; "" for the top of the file.
        model: the model of its content.
        is_list: the file may hold it several times, as `[[name]]`.
        about: what it is for: the description of the field that holds it.
        keys: its plain keys, which are no tables of their own.
    """

    name: str
    model: type[BaseModel]
    is_list: bool
    about: str
    keys: tuple[str, ...]

    @property
    def title(self) -> str:
        """The heading, as TOML writes it."""
        if not self.name:
            return "Top of the file"
        return f"`[[{self.name}]]`" if self.is_list else f"`[{self.name}]`"

    def path(self, key: str) -> str:
        """Return the dotted name of a key.

        Args:
            key: one of the section's keys.
        """
        return f"{self.name}.{key}" if self.name else key


def sections(
    model: type[BaseModel], name: str = "", is_list: bool = False, about: str = ""
) -> Iterator[Section]:
    """Iterate over a section and those inside it, in the order of the file.

    Args:
        model: the model of the section's content.
        name: its dotted name; "" for the top of the file.
        is_list: the file may hold it several times.
        about: what it is for.

    Yields:
        The section itself, then those inside it: the data first, the others as declared.
    """
    inner = {}
    for key, field in model.model_fields.items():
        section_model = _section_model(field.annotation)
        if section_model is not None:
            inner[key] = section_model
    keys = tuple(key for key in model.model_fields if key not in inner)
    yield Section(name, model, is_list, about, keys)
    for key in sorted(inner, key=lambda key: key != "data"):
        field = model.model_fields[key]
        path = f"{name}.{key}" if name else key
        is_tuple = get_origin(field.annotation) is tuple
        yield from sections(inner[key], path, is_tuple, field.description or "")


def _section_model(annotation: Any) -> type[BaseModel] | None:
    """The model of a field that is a section: Model, `Model | None` or `tuple[Model, ...]`."""
    inner = [part for part in get_args(annotation) if part not in (NoneType, Ellipsis)]
    # A union of several, such as a path or a query, is one value, which stands on one line.
    candidate = inner[0] if len(inner) == 1 else annotation
    is_model = isinstance(candidate, type) and issubclass(candidate, BaseModel)
    return candidate if is_model else None


def default_set() -> str:
    """Name the sources that run where none is configured, in a sentence."""
    stand_ins = [f"{other} in place of {name}" for name, other in IN_NO_ORDER.items()]
    names = ", ".join(DEFAULT_SOURCES)
    return f"{names}. Where the data has no times, {'; '.join(stand_ins)}."


def toml(value: Any) -> str:
    """Write a value as TOML on one line.

    Args:
        value: a dict, a list, or what JSON has too.

    Returns:
        The text behind the equals sign.
    """
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {toml(cell)}" for key, cell in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(toml, value))}]"
    # Strings, numbers and truth values are written alike in both languages.
    return json.dumps(value, ensure_ascii=False)
