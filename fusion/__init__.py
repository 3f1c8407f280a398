"""Train several recommenders, fuse their scores with a learned ranker, and make everyone's lists.

`from fusion import ...` is the one path for notebooks and for authors of sources: the names below
keep their place, whatever happens to the modules behind them. No orchestrator, database or report
stands in this package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fusion.moved import install

if TYPE_CHECKING:
    from fusion.api import Fused, ask, fit_fusion, from_frames, recommend
    from fusion.config import CoreConfig
    from fusion.core.arrays import Scores, State
    from fusion.core.settings import Settings, tunable
    from fusion.data.dataset import Dataset
    from fusion.data.histories import UserHistories
    from fusion.data.topk import Pairs, TopK
    from fusion.errors import (
        ConfigError,
        DataError,
        FusionError,
        Overtaken,
        Refused,
        SourceFailed,
        Temporary,
        UnknownName,
    )
    from fusion.ingest.people.pseudonyms import pseudonym
    from fusion.lists.business_rules.rules import RuleSet, read_rules
    from fusion.models.base.allowed import Allowed
    from fusion.models.base.factor_model import FactorModel
    from fusion.models.base.fit_context import FitContext
    from fusion.models.base.item_similarity import ItemSimilarityModel
    from fusion.models.base.recommender import Recommender
    from fusion.models.base.registry import build, known, register
    from fusion.models.base.sparse_scores import SparseScores
    from fusion.on_request.loaded_run import LoadedRun, load_run

__all__ = [
    "Allowed",
    "ConfigError",
    "CoreConfig",
    "DataError",
    "Dataset",
    "FactorModel",
    "FitContext",
    "Fused",
    "FusionError",
    "ItemSimilarityModel",
    "LoadedRun",
    "Overtaken",
    "Pairs",
    "Recommender",
    "Refused",
    "RuleSet",
    "Scores",
    "Settings",
    "SourceFailed",
    "SparseScores",
    "State",
    "Temporary",
    "TopK",
    "UnknownName",
    "UserHistories",
    "ask",
    "build",
    "fit_fusion",
    "from_frames",
    "known",
    "load_run",
    "pseudonym",
    "read_rules",
    "recommend",
    "register",
    "tunable",
]

_NAMES_OF_MODULE = {
    "fusion.api": ("Fused", "ask", "fit_fusion", "from_frames", "recommend"),
    "fusion.on_request.loaded_run": ("LoadedRun", "load_run"),
    "fusion.config": ("CoreConfig",),
    "fusion.core.arrays": ("Scores", "State"),
    "fusion.core.settings": ("Settings", "tunable"),
    "fusion.data.dataset": ("Dataset",),
    "fusion.data.histories": ("UserHistories",),
    "fusion.data.topk": ("Pairs", "TopK"),
    "fusion.errors": (
        "ConfigError",
        "DataError",
        "FusionError",
        "Overtaken",
        "Refused",
        "SourceFailed",
        "Temporary",
        "UnknownName",
    ),
    "fusion.ingest.people.pseudonyms": ("pseudonym",),
    "fusion.lists.business_rules.rules": ("RuleSet", "read_rules"),
    "fusion.models.base.allowed": ("Allowed",),
    "fusion.models.base.factor_model": ("FactorModel",),
    "fusion.models.base.fit_context": ("FitContext",),
    "fusion.models.base.item_similarity": ("ItemSimilarityModel",),
    "fusion.models.base.recommender": ("Recommender",),
    "fusion.models.base.registry": ("build", "known", "register"),
    "fusion.models.base.sparse_scores": ("SparseScores",),
}
_MODULE_OF_NAME = {name: module for module, names in _NAMES_OF_MODULE.items() for name in names}

install()


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for.

    The light verbs of the command line import this package too, and need neither arrays nor frames.

    Args:
        name: an attribute that the package does not have yet.

    Returns:
        The object behind a public name.

    Raises:
        AttributeError: the name is not public.
        MissingExtra: it needs packages that an extra brings.
    """
    if name not in _MODULE_OF_NAME:
        raise AttributeError(f"module 'fusion' has no attribute {name!r}")
    try:
        module = import_module(_MODULE_OF_NAME[name])
    except ModuleNotFoundError as missing:
        from fusion.core.extras import missing_extra  # noqa: PLC0415 - only then

        raise missing_extra(missing) or missing from missing
    value = getattr(module, name)
    globals()[name] = value  # the next look-up finds it at once
    return value


def __dir__() -> list[str]:
    """List the public names too, before they are imported."""
    return sorted({*globals(), *__all__})
