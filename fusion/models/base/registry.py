"""Registry of recommenders: those in `fusion.models`, and those that installed packages offer."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from pydantic import ValidationError

from fusion import models
from fusion.config import RESERVED, describe_reserved
from fusion.data.capabilities import require_known_capabilities
from fusion.errors import ConfigError, UnknownName
from fusion.models.base.recommender import Recommender

ENTRY_POINTS = "fusion.sources"
"""Group of entry points by which an installed package offers its sources."""

RENAMED_OVERRIDES = {
    "because": "reason_text",
    "nearness": "history_similarity",
    "reads": "cache_key",
    "warms": "supports_warm_start",
    "weights_of": "predict_ratings",
    "while_tuned": "tuning_overrides",
    "widest": "max_row_cells",
}
"""Former names of what a source may override, and their names today.

A class that still defines a former name would silently do without its own override.
"""

R = TypeVar("R", bound=type[Recommender])
_known: dict[str, type[Recommender]] = {}


def register(name: str) -> Callable[[R], R]:
    """Make a recommender known under a name; a decorator of its class.

    Args:
        name: the name that a configuration's `use` gives.

    Returns:
        A decorator that returns the class as it is.

    Raises:
        ConfigError: the name is reserved, the class needs a capability that does not exist, or it
            overrides a method or attribute by a former name; raised when the class is decorated.
    """

    def _add(cls: R) -> R:
        check_source(name, cls)
        _known[name] = cls
        return cls

    return _add


def check_source(name: str, cls: type[Recommender]) -> None:
    """Refuse a class whose declarations nothing would ever read.

    Args:
        name: the name that it is registered under.
        cls: the class of a source.

    Raises:
        UnknownName: it needs a capability that does not exist.
        ConfigError: its name is reserved, its sentence is no text, or it overrides a method or
            attribute by a former name.
    """
    # The control row alone is a source by a name of the verdict.
    if name in RESERVED and name != "random":
        raise ConfigError(f"source {cls.__qualname__}: the name {describe_reserved(name)}")
    require_known_capabilities(cls.needs, f"source {name!r}")
    if not isinstance(cls.reason_text, str):
        raise ConfigError(
            f"source {name!r}: reason_text is {cls.reason_text!r}; it takes a text, which follows "
            '"because", or "" for none'
        )
    for base in cls.__mro__:
        for former, current in RENAMED_OVERRIDES.items():
            if former in vars(base):
                raise ConfigError(
                    f"source {name!r}: {base.__qualname__}.{former} has a new name, {current}; "
                    "rename it"
                )


def known() -> dict[str, type[Recommender]]:
    """Return every recommender by name, in alphabetical order.

    Raises:
        ConfigError: an installed package offers a class that cannot be imported, or that
            `register` would refuse.
    """
    for module in pkgutil.iter_modules(models.__path__):
        # The packages beside the sources (base, nn, text) hold none.
        if not module.ispkg:
            importlib.import_module(f"{models.__name__}.{module.name}")
    # Ours first: a package cannot take the name of one of them away.
    for offered in entry_points(group=ENTRY_POINTS):
        if offered.name not in _known:
            _known[offered.name] = _load(offered)
    return dict(sorted(_known.items()))


def _load(offered: EntryPoint) -> type[Recommender]:
    """Import the class that a package offers; ConfigError where it cannot be used."""
    where = f"source {offered.name!r}, which an installed package offers as {offered.value!r},"
    cure = "Mend the package, or uninstall it."
    try:
        cls = offered.load()
    # Whatever the package's modules raise while they are imported.
    except Exception as broken:
        raise ConfigError(
            f"{where} cannot be imported: {type(broken).__name__}: {broken}. {cure}"
        ) from broken
    if not (isinstance(cls, type) and issubclass(cls, Recommender)):
        raise ConfigError(f"{where} is no subclass of fusion.Recommender. {cure}")
    check_source(offered.name, cls)
    return cls


def build(use: str, settings: Mapping[str, Any] | None = None) -> Recommender:
    """Make an unfitted recommender.

    Args:
        use: its registered name.
        settings: settings by name; those left out have their defaults.

    Returns:
        The recommender.

    Raises:
        UnknownName: no recommender is registered under this name.
        ConfigError: it does not take these settings.
    """
    # Looking for packages takes milliseconds, and a training builds a source hundreds of times.
    classes = _known if use in _known else known()
    if use not in classes:
        raise UnknownName("recommender", use, classes)
    cls = classes[use]
    try:
        return cls(cls.Config(**(settings or {})))
    except ValidationError as invalid:
        problems = "; ".join(_problem(error) for error in invalid.errors())
        fields = ", ".join(cls.Config.model_fields) or "none"
        raise ConfigError(
            f"settings of recommender {use!r}: {problems}. It takes: {fields}."
        ) from invalid


def _problem(error: Any) -> str:
    """Describe one of pydantic's problems: where it is and what it is."""
    place = ".".join(map(str, error["loc"]))
    return f"{place}: {error['msg']}"
