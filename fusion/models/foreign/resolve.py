"""The recommender behind a name of the configuration, wherever its code runs."""

import json
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from fusion.errors import ConfigError
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import build, offered, source_code
from fusion.models.foreign.processes import Described, SourceProcess, current
from fusion.models.foreign.source import ForeignSource


def source_model(use: str, settings: Mapping[str, Any] | None = None) -> Recommender:
    """Make an unfitted recommender: one of ours here, one of a package in a process of its own.

    Args:
        use: its name.
        settings: settings by name; those left out have their defaults.

    Raises:
        UnknownName: neither we nor an installed package offer one under this name.
        UnusableSource: the package that offers it is broken.
        ConfigError: it does not take these settings.
    """
    entry = offered().get(use)
    if entry is None:
        return build(use, settings)
    process = current().process_of(entry)
    given = plain_settings(use, settings or {})
    cls = _class_like(process.describe(given), process, given)
    return cls(cls.Config.model_construct(**cls.description.values))


def _class_like(
    described: Described, process: SourceProcess, given: Mapping[str, Any]
) -> type[ForeignSource]:
    """Make a class that declares what a source declares, and asks for the rest."""
    description = described.description
    declared = {
        "scores_new_items": description.scores_new_items,
        "proposes": description.proposes,
        "slow": description.slow,
        "supports_warm_start": description.supports_warm_start,
        "reason_text": description.reason_text,
        "needs": frozenset(description.needs),
        "Config": described.settings,
        "description": description,
        "process": process,
        "given": given,
    }
    return type("ForeignSource", (ForeignSource,), declared)


def model_code(model: Recommender) -> str:
    """Return a hash of the file that defines a recommender.

    Args:
        model: as `source_model` makes it.

    Returns:
        Hex digits.
    """
    # The class of a package's source is not here: it has said which code it is.
    if isinstance(model, ForeignSource):
        return model.description.code
    return source_code(type(model))


def plain_settings(use: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as values that another process can be handed.

    Args:
        use: whose they are.
        settings: as a configuration file or a caller gives them.

    Raises:
        ConfigError: one of them has no form in JSON.
    """
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(settings), default=_plain_time))
    except (TypeError, ValueError) as unfit:
        raise ConfigError(
            f"settings of recommender {use!r}: {unfit}. It is asked in a process of its own: give "
            "numbers, texts, times, lists and tables"
        ) from unfit
    return plain


def _plain_time(value: Any) -> str:
    """Write a time as TOML has it."""
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in a file")
