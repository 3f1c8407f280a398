"""Settings of two runs, as flat names with the values of both."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboards.pages.runs.facts import Setting
from fusion.runs.manifest import Manifest

SAME_BY_NATURE = ("hash",)
"""Keys of the configuration that only say that something else differs."""


def settings(before: Manifest, now: Manifest) -> list[Setting]:
    """Return all settings of two runs, and what they ran on.

    Args:
        before: of the run before.
        now: of the run.

    Returns:
        Settings by name; those of equal values too.
    """
    old, new = dict(_flat(_made_from(before))), dict(_flat(_made_from(now)))
    return [Setting(name, old.get(name, ""), new.get(name, "")) for name in sorted({*old, *new})]


def changed_settings(before: Manifest, now: Manifest) -> list[Setting]:
    """Return the settings that differ.

    Args:
        before: of the run before.
        now: of the run.
    """
    return [one for one in settings(before, now) if one.before != one.now]


def _made_from(manifest: Manifest) -> dict[str, Any]:
    config = {key: value for key, value in manifest.config.items() if key not in SAME_BY_NATURE}
    rules = manifest.rules.hash if manifest.rules else ""
    environment = manifest.environment
    machine = {"code": environment.code, "python": environment.python, **environment.versions}
    return {**config, "rules": rules, "environment": machine}


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield leaves by their paths; a list of objects with names is told apart by these."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    elif _is_named(value):
        for part in value:
            rest = {key: one for key, one in part.items() if key != "name"}
            yield from _flat(rest, f"{name}.{part['name']}")
    else:
        yield name, json.dumps(value, sort_keys=True, ensure_ascii=False)


def _is_named(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
    return is_list and all(isinstance(part, Mapping) and "name" in part for part in value)
