"""The configuration's documentation, made from its models: `docs/configuration.md` and `config/fusion.toml`.

`python -m flows.config_docs` writes both; a test fails when they differ from what it would write.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

from pydantic import BaseModel

from flows.settings import Config
from fusion.config import DEFAULT_SOURCES, IN_NO_ORDER, SourceSettings
from fusion.lists.rules import Allow, Boost, Diversity, Limit, Pin
from fusion.models.base.registry import known

ROOT = Path(__file__).parents[1]
OURS = "fusion.models."
"""Where built-in recommenders live; those of other packages have documentation of their own."""
WIDTH = 118
EXAMPLES: dict[str, Any] = {
    "data.interactions": "ratings.csv",
    "data.items": "movies.csv",
    "data.users": "users.csv",
    "data.positive": "weight >= 4",
    "data.columns.time": "timestamp",
    "data.columns.weight": "rating",
    "data.columns.event": "type",
    "data.item_columns.id": "movieId",
    "data.item_columns.available_from": "released",
    "data.item_columns.available_until": "retired",
    "data.user_columns.id": "userId",
    "data.events": {"purchase": 5.0, "click": 1.0},
    "split.window": 28,
    "ranker.leaves": 7,
    "ranker.learning_rate": 0.05,
    "ranker.seeds": 2,
    "storage.schema_name": "shop",
    "lists.rules": "rules.toml",
    "sources": {
        "name": "als",
        "use": "als",
        "k": 100,
        "refit": "fold",
        "settings": {"factors": 64},
    },
}
"""What to show for keys that have no default to show."""
INTRO = """\
# Configuration

<!-- Written by `python -m flows.config_docs` from the models in the code. Change those, not this page. -->

One TOML file, `fusion.toml` unless `--config` names another. Only `[data] interactions` is needed; `fusion init FILE`
writes a first version, and [`config/fusion.toml`](../config/fusion.toml) holds every key with its default. A key that
does not exist is refused with the nearest one that does, before anything is read.

- Relative paths, those in the URLs of SQLite files included, start at the folder of the configuration file.
- Every key can come from the environment, which wins over the file: `FUSION_`, the section, two underscores, the key:
  `FUSION_LISTS__SIZE=50` or `FUSION_SEED=8`. Lists and tables are given as JSON. Passwords belong there, not in the
  file (`FUSION_STORAGE__URL`). Unknown sections are refused; without two underscores only names near one that exists.
- A run's manifest keeps what decided the training (everything but `[data]`, `[storage]`, `[monitor]`, `[retrain]` and
  `[retention]`) with a hash over it.

"""
RULE_TABLES: dict[str, type[BaseModel]] = {
    "`[[allow]]`": Allow,
    "`[[pin]]`": Pin,
    "`[[boost]]`": Boost,
    "`[[limit]]`": Limit,
    "`[diversity]`": Diversity,
}
RULES_INTRO = """\
## The rules file

What the file holds that `[lists] rules` names. [Rules](rules.md) says how they act together.

"""
SOURCES_INTRO = """\
## Settings of the recommenders

What `settings` of a source may hold, by `use`. [Sources](sources.md) says what each of them recommends. The range after
*tuned* is what `[tune] trials` searches, unless the source gives the key itself.

"""


@dataclass(frozen=True)
class Section:
    """One table of the file: its dotted name ("" for the top of the file), its model, and its plain keys."""

    name: str
    model: type[BaseModel]
    keys: tuple[str, ...]

    @property
    def title(self) -> str:
        """The heading, as TOML writes it."""
        if not self.name:
            return "Top of the file"
        return "`[[sources]]`" if self.model is SourceSettings else f"`[{self.name}]`"

    def path(self, key: str) -> str:
        """The dotted name of a key."""
        return f"{self.name}.{key}" if self.name else key


def sections(model: type[BaseModel] = Config, name: str = "") -> Iterator[Section]:
    """Every section of the configuration in the order of the file."""
    inner: dict[str, type[BaseModel]] = {}
    for key, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            inner[key] = field.annotation
        elif key == "sources":
            inner[key] = SourceSettings
    yield Section(name, model, tuple(key for key in model.model_fields if key not in inner))
    for key in sorted(inner, key=lambda key: key != "data"):
        yield from sections(inner[key], f"{name}.{key}" if name else key)


def reference() -> str:
    """`docs/configuration.md`."""
    parts = [f"## {s.title}\n\n{about(s.model)}{table(s.model, s.keys)}" for s in sections()]
    ours = {use: cls for use, cls in known().items() if cls.__module__.startswith(OURS)}
    own = [
        f"### `{use}`\n\n{table(cls.Config, tuple(cls.Config.model_fields))}"
        for use, cls in ours.items()
    ]
    default = fill(f"Without any `[[sources]]` these run: {default_set()}", WIDTH) + "\n\n"
    return "\n".join(
        [INTRO + "\n".join(parts), rules_reference(), SOURCES_INTRO + default + "\n".join(own)]
    )


def rules_reference() -> str:
    """The tables of what a rules file holds."""
    return RULES_INTRO + "\n".join(
        f"### {title}\n\n{model.__doc__}\n\n{table(model, tuple(model.model_fields))}"
        for title, model in RULE_TABLES.items()
    )


def about(model: type[BaseModel]) -> str:
    """What the model's docstring says beyond that it is a section."""
    said = " ".join((model.__doc__ or "").split())
    _, _, more = said.partition("section: ")
    sentence = more or ("" if "`" in said or model is Config else said)
    return f"{sentence[0].upper()}{sentence[1:]}\n\n" if sentence else ""


def table(model: type[BaseModel], keys: tuple[str, ...]) -> str:
    """Keys with type, default, bounds and meaning, as a Markdown table."""
    if not keys:
        return "No settings.\n"
    properties = model.model_json_schema(by_alias=False)["properties"]
    rows = [_row(key, model, properties[key]) for key in keys]
    head = "| key | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows
    )


def _row(key: str, model: type[BaseModel], schema: dict[str, Any]) -> list[str]:
    field = model.model_fields[key]
    value = field.get_default(call_default_factory=True)
    default = "needed" if field.is_required() else "none" if value is None else f"`{toml(value)}`"
    shapes = [shape for shape in schema.get("anyOf", [schema]) if shape.get("type") != "null"]
    kind = " or ".join(dict.fromkeys(_kind(shape) for shape in shapes))
    meaning = (field.description or "").strip().rstrip(".")
    return [
        f"`{field.alias or key}`",
        kind,
        default,
        _allowed(shapes[0], schema.get("tune")),
        meaning,
    ]


def _kind(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        return "`{ url, query }`"
    if shape["type"] == "array":
        return f"list of {_kind(shape['items'])}"
    return {"boolean": "true or false", "string": "text", "object": "table"}.get(
        shape["type"], shape["type"]
    )


def _allowed(shape: dict[str, Any], tune: dict[str, Any] | None) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    words = [f"{sign} {_number(shape[bound])}" for bound, sign in signs.items() if bound in shape]
    words += [f"`{choice}`" for choice in shape.get("enum", ())]
    words += [f"`{shape['pattern']}`"] if "pattern" in shape else []
    words += [f"at most {shape['maxLength']} characters"] if "maxLength" in shape else []
    if tune:
        words.append(
            f"*tuned* {_number(tune['low'])} to {_number(tune['high'])}{' (log)' if tune['log'] else ''}"
        )
    return ", ".join(words)


def _number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"


def toml(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {toml(cell)}" for key, cell in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def example() -> str:
    """`config/fusion.toml`: every key with its meaning and default; what has no default is commented out."""
    head = "# Every key of the configuration with its default; what has none is commented out with an example.\n"
    head += "# Written by `python -m flows.config_docs` from the models in the code. `fusion init FILE` writes a\n"
    head += "# shorter one for your own files. docs/configuration.md is the same as a table.\n"
    return "\n".join([head, *(_example(section) for section in sections())])


def _example(section: Section) -> str:
    if section.model is SourceSettings:
        return _source_example()
    parts = [f"[{section.name}]\n"] if section.name else []
    later = ""
    for key in section.keys:
        field, path = section.model.model_fields[key], section.path(key)
        value = field.get_default(call_default_factory=True)
        meaning = _comment(field.description or "")
        if path == "data.events":  # a table of its own, which TOML wants after the plain keys
            rows = "".join(
                f"# {name} = {toml(weight)}\n" for name, weight in EXAMPLES[path].items()
            )
            later = f"\n[{path}]\n{meaning}{rows}"
        elif field.is_required():
            parts.append(f"{meaning}{key} = {toml(EXAMPLES[path])}\n")
        elif value is None:
            parts.append(f"{meaning}# {field.alias or key} = {toml(EXAMPLES[path])}\n")
        else:
            parts.append(f"{meaning}{key} = {toml(value)}\n")
    return "".join(parts) + later


def default_set() -> str:
    """The sources that run where none is configured."""
    stand_ins = "; ".join(f"{other} in place of {name}" for name, other in IN_NO_ORDER.items())
    return f"{', '.join(DEFAULT_SOURCES)}. Where the data has no times, {stand_ins}."


def _source_example() -> str:
    rows = "".join(
        f"{_comment(SourceSettings.model_fields[key].description or '')}# {key} = {toml(value)}\n"
        for key, value in EXAMPLES["sources"].items()
    )
    return (
        _comment(f"Base recommenders. Without any of these tables: {default_set()}")
        + f"# [[sources]]\n{rows}"
    )


def _comment(words: str) -> str:
    return (
        fill(words[0].upper() + words[1:], WIDTH, initial_indent="# ", subsequent_indent="#   ")
        + "\n"
    )


def main() -> None:
    """Write both files."""
    (ROOT / "docs" / "configuration.md").write_text(reference(), encoding="utf-8")
    (ROOT / "config" / "fusion.toml").write_text(example(), encoding="utf-8")


if __name__ == "__main__":
    main()
