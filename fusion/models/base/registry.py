"""Registry of recommenders: those in `fusion.models`, and those that installed packages offer."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from fusion import models
from fusion.config import RESERVED, describe_reserved
from fusion.data.capabilities import require_known_capabilities
from fusion.errors import ConfigError, UnknownName, UnusableSource
from fusion.models.base.recommender import Recommender

ENTRY_POINTS = "fusion.sources"
"""Group of entry points by which an installed package offers its sources."""
OURS = f"{models.__name__}."
"""Modules of our own recommenders begin so."""
CODE_DIGITS = 12
"""Hex digits of hashes of code: so many stand in a key that holds other things as well."""

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


def registered() -> dict[str, type[Recommender]]:
    """Return the recommenders that this process registered: ours, and those of its own code."""
    for module in pkgutil.iter_modules(models.__path__):
        # The packages beside the sources (base, nn, text) hold none.
        if not module.ispkg:
            importlib.import_module(f"{models.__name__}.{module.name}")
    return dict(sorted(_known.items()))


@cache
def offered() -> dict[str, EntryPoint]:
    """Return what installed packages offer, by name; nothing is imported for that.

    They are read once a process: a package that is installed while a training runs must change
    nothing in the middle of it.
    """
    ours = {name for name, cls in registered().items() if cls.__module__.startswith(OURS)}
    offers: dict[str, EntryPoint] = {}
    for entry in entry_points(group=ENTRY_POINTS):
        # Ours first: a package cannot take the name of one of them away, nor that of another's.
        if entry.name not in ours:
            offers.setdefault(entry.name, entry)
    return offers


def known() -> dict[str, type[Recommender]]:
    """Return every recommender by name, in alphabetical order.

    Those of installed packages are imported into this process. A training does not do that: it
    asks them in processes of their own.

    Raises:
        UnusableSource: an installed package offers a class that cannot be imported, or that
            `register` would refuse.
    """
    classes = registered()
    for name, entry in offered().items():
        if name not in classes:
            classes[name] = load_offered(entry)
    return dict(sorted(classes.items()))


def load_offered(entry: EntryPoint) -> type[Recommender]:
    """Import the class that a package offers.

    Args:
        entry: of the package.

    Raises:
        UnusableSource: it cannot be imported, or is no source that `register` would take.
    """
    where = describe_offer(entry)
    try:
        cls = entry.load()
    # Whatever the package's modules raise while they are imported.
    except Exception as broken:
        raise UnusableSource(
            f"{where} cannot be imported: {type(broken).__name__}: {broken}"
        ) from broken
    if not (isinstance(cls, type) and issubclass(cls, Recommender)):
        raise UnusableSource(f"{where} is no subclass of fusion.Recommender")
    try:
        check_source(entry.name, cls)
    except ConfigError as refused:
        raise UnusableSource(f"{where} cannot be used: {refused}") from refused
    return cls


def describe_offer(entry: EntryPoint) -> str:
    """Name a source of a package and where it comes from, as the subject of a sentence.

    Args:
        entry: of the package.
    """
    return f"source {entry.name!r}, which an installed package offers as {entry.value!r},"


def build(use: str, settings: Mapping[str, Any] | None = None) -> Recommender:
    """Make an unfitted recommender in this process, also one that a package offers.

    Args:
        use: its registered name.
        settings: settings by name; those left out have their defaults.

    Returns:
        The recommender.

    Raises:
        UnknownName: no recommender is registered under this name.
        UnusableSource: the package that offers it is broken.
        ConfigError: it does not take these settings.
    """
    # Looking for modules takes milliseconds, and a training builds a source hundreds of times.
    classes = _known if use in _known else registered()
    if use in classes:
        return make(use, classes[use], settings or {})
    if use in offered():
        return make(use, load_offered(offered()[use]), settings or {})
    raise UnknownName("recommender", use, [*classes, *offered()])


def make(use: str, cls: type[Recommender], settings: Mapping[str, Any]) -> Recommender:
    """Make an unfitted recommender of a class.

    Args:
        use: its registered name.
        cls: its class.
        settings: settings by name; those left out have their defaults.

    Raises:
        ConfigError: it does not take these settings.
    """
    try:
        return cls(cls.Config(**settings))
    except ValidationError as invalid:
        problems = "; ".join(_problem(error) for error in invalid.errors())
        fields = ", ".join(cls.Config.model_fields) or "none"
        raise ConfigError(
            f"settings of recommender {use!r}: {problems}. It takes: {fields}."
        ) from invalid


def source_code(cls: type[Recommender]) -> str:
    """Return a hash of the file that defines a recommender, which need not be part of the core.

    Args:
        cls: the recommender's class.

    Returns:
        Hex digits.
    """
    return sha256(Path(inspect.getfile(cls)).read_bytes()).hexdigest()[:CODE_DIGITS]


def _problem(error: Any) -> str:
    """Describe one of pydantic's problems: where it is and what it is."""
    place = ".".join(map(str, error["loc"]))
    return f"{place}: {error['msg']}"
