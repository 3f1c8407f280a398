"""Which recommenders exist: those in `fusion.models`, and those installed packages offer as `fusion.sources`."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, TypeVar

from pydantic import ValidationError

from fusion import models
from fusion.errors import ConfigError, UnknownName
from fusion.models.base.recommender import Recommender

R = TypeVar("R", bound=type[Recommender])
_known: dict[str, type[Recommender]] = {}


def register(name: str) -> Callable[[R], R]:
    """Make a recommender known under the name that a configuration's `use` gives."""

    def add(cls: R) -> R:
        _known[name] = cls
        return cls

    return add


def known() -> dict[str, type[Recommender]]:
    """Every recommender by name, in alphabetical order."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    for offered in entry_points(group="fusion.sources"):
        _known.setdefault(offered.name, offered.load())
    return dict(sorted(_known.items()))


def build(use: str, settings: Mapping[str, Any] | None = None) -> Recommender:
    """An unfitted recommender.

    Raises UnknownName for a name that is not registered, ConfigError for settings it does not take.
    """
    classes = known()
    if use not in classes:
        raise UnknownName("recommender", use, classes)
    cls = classes[use]
    try:
        return cls(cls.Config(**(settings or {})))
    except ValidationError as wrong:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors())
        allowed = ", ".join(cls.Config.model_fields) or "none"
        raise ConfigError(
            f"settings of recommender {use!r}: {problems}. It takes: {allowed}."
        ) from wrong
