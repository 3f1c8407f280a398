"""The `[data]` part of a configuration file as commented TOML, every key with its meaning."""

import json
from typing import Any

from pydantic import BaseModel

from fusion.ingest.guess.guess import Guess
from fusion.ingest.settings import DataSettings

INTRO = "# Written by `fusion init`. Look it over: `fusion check` names what is wrong, `fusion run` does the work.\n"


def write_config(made: Guess) -> str:
    """Give a guess as TOML: what was guessed and why, then every key of `[data]`, unused ones commented out."""
    why = "".join(f"#   - {' '.join(sentence.split())}\n" for sentence in made.sentences)
    settings = DataSettings(**made.settings)
    return f"{INTRO}#\n# What was guessed, and why:\n{why}\n" + _section("data", settings)


def _section(name: str, settings: BaseModel) -> str:
    lines, below = [f"[{name}]"], []
    for key, info in type(settings).model_fields.items():
        value = getattr(settings, key)
        if isinstance(value, BaseModel) and not _is_sql(value):
            below.append(_section(f"{name}.{key}", value))
        elif key == "events":
            below.append(_events(f"{name}.{key}", value, info.description or ""))
        else:
            unused = value is None or value == ()
            lines += [f"# {info.description}", f"{'# ' if unused else ''}{key} = {_toml(value)}"]
    return "\n".join(lines) + "\n" + "".join(f"\n{part}" for part in below)


def _is_sql(value: BaseModel) -> bool:
    return "query" in type(value).model_fields


def _events(name: str, events: dict[str, float], description: str) -> str:
    lines = [f"[{name}]" if events else f"# [{name}]", f"# {description}"]
    return (
        "\n".join(lines + [f"{_toml(event)} = {weight:g}" for event, weight in events.items()])
        + "\n"
    )


def _toml(value: Any) -> str:
    if value is None:
        return '""'
    if isinstance(value, BaseModel):
        return (
            "{ "
            + ", ".join(f"{key} = {_toml(cell)}" for key, cell in value.model_dump().items())
            + " }"
        )
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
