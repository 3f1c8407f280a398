"""The `[data]` section as commented TOML, every key with its meaning."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from fusion.ingest.guess.draft import Guess
from fusion.ingest.settings import DataSettings

INTRO = (
    "# Written by `fusion init`. Look it over: `fusion check` names what is wrong, "
    "`fusion run` does the work.\n"
)
CHECKS = """\
# Checks of your own; docs/data.md says what they may hold.
# [[data.checks]]
# name = "weights"
# column = "..."
# min = 0
# severity = "quarantine"
"""


def write_config(draft: Guess) -> str:
    """Write a guess as TOML.

    Args:
        draft: the settings and the sentences about them.

    Returns:
        The text of a configuration file: what was guessed and why as comments, then every key of
        `[data]`, unused ones commented out.
    """
    # A sentence may quote a name with a line break, which would end the comment.
    lines = [f"#   - {' '.join(sentence.split())}\n" for sentence in draft.sentences]
    reasons = "".join(lines)
    section = _section("data", DataSettings(**draft.settings))
    return f"{INTRO}#\n# What was guessed, and why:\n{reasons}\n{section}"


def _section(name: str, settings: BaseModel) -> str:
    """One table of the file; TOML wants the tables inside it after its plain keys."""
    lines = [f"[{name}]"]
    tables = []
    for key, info in type(settings).model_fields.items():
        value = getattr(settings, key)
        description = info.description or ""
        if isinstance(value, BaseModel) and not _is_query(value):
            tables.append(_section(f"{name}.{key}", value))
        elif key == "events":
            tables.append(_events(f"{name}.{key}", value, description))
        elif key == "checks":
            tables.append(CHECKS)
        else:
            is_unused = value is None or value == ()
            lines.append(f"# {description}")
            lines.append(f"{'# ' if is_unused else ''}{key} = {_toml(value)}")
    keys = "\n".join(lines) + "\n"
    return keys + "".join(f"\n{table}" for table in tables)


def _is_query(value: BaseModel) -> bool:
    return "query" in type(value).model_fields


def _events(name: str, events: Mapping[str, float], description: str) -> str:
    head = f"[{name}]" if events else f"# [{name}]"
    lines = [head, f"# {description}"]
    lines += [f"{_toml(event)} = {weight:g}" for event, weight in events.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A value on one line."""
    if value is None:
        return '""'
    if isinstance(value, BaseModel):
        pairs = [f"{key} = {_toml(cell)}" for key, cell in value.model_dump().items()]
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's strings are TOML's, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
