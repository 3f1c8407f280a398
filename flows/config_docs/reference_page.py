"""The page `docs/configuration.md`: every key with type, default, bounds and meaning."""

from collections.abc import Iterable
from textwrap import fill
from typing import Any

from pydantic import BaseModel

from flows.config_docs.sections import WIDTH, Section, default_set, sections, toml
from flows.settings import Config
from fusion.lists.business_rules.rules import RuleSet
from fusion.models.base.registry import registered

BUILT_IN = "fusion.models."
"""Where built-in recommenders live; those of other packages have documentation of their own."""
INTRO = """\
# Configuration

<!-- Written by `python -m flows.config_docs` from the models in the code.
     Change those, not this page. -->

One TOML file, `fusion.toml` unless `--config` names another. Only `[data] interactions` is needed;
`fusion init FILE` writes a first version, and [`config/fusion.toml`](../config/fusion.toml) holds
every key with its default. A key that does not exist is refused with the nearest one that does,
before anything is read.

- Relative paths, those in the URLs of SQLite files included, start at the folder of the
  configuration file.
- Every key can come from the environment, which wins over the file: `FUSION_`, the section, two
  underscores, the key: `FUSION_LISTS__SIZE=50` or `FUSION_SEED=8`. Lists and tables are given as
  JSON. Passwords belong there, not in the file (`FUSION_STORAGE__URL`). Unknown sections are
  refused; without two underscores only names near one that exists.
- A run's manifest keeps what decided the training (everything but `[data]`, `[storage]`,
  `[monitor]`, `[retrain]`, `[log]`, `[tracking]`, `[notify]` and `[retention]`) with a hash over
  it.

"""
RULES_INTRO = """\
## The rules file

What the file holds that `[lists] rules` names. [Rules](rules.md) says how they act together.

"""
SOURCES_INTRO = """\
## Settings of the recommenders

What `settings` of a source may hold, by `use`. [Sources](sources.md) says what each of them
recommends. The range after *tuned* is what `[tune] trials` searches, unless the source gives the
key itself.

"""
TABLE_HEAD = """\
| key | type | default | allowed | meaning |
| --- | --- | --- | --- | --- |
"""
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
"""Keywords of JSON Schema and the signs that people read."""
INLINE = {"SqlInput": "`{ url, query }`", "NewItemPlaces": "`{ min, max }`"}
"""Models that are a value among others, by their keys."""
TYPES = {"boolean": "true or false", "string": "text", "object": "table"}
"""Types of JSON Schema that people call by another name."""


def reference() -> str:
    """Write `docs/configuration.md`."""
    configuration = [_described(section, level=2) for section in sections(Config)]
    # The top of a rules file holds no keys, only tables.
    rules = [_described(section, level=3) for section in sections(RuleSet) if section.name]
    chapters = [
        INTRO + "\n".join(configuration),
        RULES_INTRO + "\n".join(rules),
        SOURCES_INTRO + _default_sources() + "\n".join(_recommenders()),
    ]
    return "\n".join(chapters)


def _described(section: Section, level: int) -> str:
    """Heading, purpose and keys of a section."""
    about = f"{section.about}\n\n" if section.about else ""
    return f"{'#' * level} {section.title}\n\n{about}{_table(section.model, section.keys)}"


def _default_sources() -> str:
    return fill(f"Without any `[[sources]]` these run: {default_set()}", WIDTH) + "\n\n"


def _recommenders() -> list[str]:
    """Keys of each built-in recommender."""
    tables = []
    for use, recommender in registered().items():
        if recommender.__module__.startswith(BUILT_IN):
            settings = recommender.Config
            tables.append(f"### `{use}`\n\n{_table(settings, settings.model_fields)}")
    return tables


def _table(model: type[BaseModel], keys: Iterable[str]) -> str:
    """Keys with type, default, bounds and meaning, as a Markdown table."""
    schemas = model.model_json_schema(by_alias=False).get("properties", {})
    rows = [_row(key, model, schemas[key]) for key in keys]
    return TABLE_HEAD + "".join(rows) if rows else "No settings.\n"


def _row(key: str, model: type[BaseModel], schema: dict[str, Any]) -> str:
    field = model.model_fields[key]
    # `X | None` is a list of alternatives; null is said by the default.
    alternatives = schema.get("anyOf", [schema])
    shapes = [shape for shape in alternatives if shape.get("type") != "null"]
    name = field.alias or key
    types = dict.fromkeys(map(_type, shapes))
    meaning = (field.description or "").strip()
    cells = [
        f"`{name}`",
        " or ".join(types),
        _default(model, key),
        _allowed(shapes[0], schema.get("tune")),
        meaning.rstrip("."),
    ]
    # A bar would end the cell, also inside of code.
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |\n"


def _default(model: type[BaseModel], key: str) -> str:
    field = model.model_fields[key]
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    return "none" if value is None else f"`{toml(value)}`"


def _type(shape: dict[str, Any]) -> str:
    """Name the type of a JSON Schema."""
    if "$ref" in shape:  # a model that is written on one line
        return INLINE[shape["$ref"].rpartition("/")[2]]
    if "const" in shape:
        return f"`{toml(shape['const'])}`"
    if "anyOf" in shape:  # an item of a list that may be of several types
        return " or ".join(map(_type, shape["anyOf"]))
    if shape["type"] == "array":
        return f"list of {_type(shape['items'])}"
    return TYPES.get(shape["type"], shape["type"])


def _allowed(shape: dict[str, Any], tune: dict[str, Any] | None) -> str:
    """Bounds, choices, pattern and length of a JSON Schema, and the range of tuning."""
    words = []
    for bound, sign in BOUNDS.items():
        if bound in shape:
            words.append(f"{sign} {_number(shape[bound])}")
    words += [f"`{choice}`" for choice in shape.get("enum", ())]
    if "pattern" in shape:
        words.append(f"`{shape['pattern']}`")
    if "maxLength" in shape:
        words.append(f"at most {shape['maxLength']} characters")
    if tune:
        scale = " (log)" if tune["log"] else ""
        words.append(f"*tuned* {_number(tune['low'])} to {_number(tune['high'])}{scale}")
    return ", ".join(words)


def _number(value: float) -> str:
    """Write a number with commas between thousands, a whole one without a point."""
    shown = int(value) if value == int(value) else value
    return f"{shown:,}"
