"""`[ranker] extra`: LightGBM's own parameters, tried before anything is fitted with them."""

import re
import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import lightgbm as lgb
import numpy as np

from fusion.config import RankerSettings
from fusion.errors import ConfigError
from fusion.ranking.lightgbm_inputs import lightgbm_parameters

SETTINGS = {
    "num_leaves": "[ranker] leaves",
    "learning_rate": "[ranker] learning_rate",
    "min_data_in_leaf": "[ranker] min_leaf",
    "feature_fraction": "[ranker] columns_share",
    "num_iterations": "[ranker] trees",
    "early_stopping_round": "[ranker] patience",
    "seed": "seed",
    "num_threads": "threads",
}
"""Settings that stand for a parameter of LightGBM."""
OF_NETWORKS = ("num_machines", "machines", "machine_list_filename", "local_listen_port")
"""Parameters by which a fit would wait for other machines."""
N_USERS, N_ITEMS, N_FEATURES = 4, 10, 3
"""Size of the ranking problem that parameters are tried on."""
_PLACE_IN_SOURCE = re.compile(r"\s+at \S+, line \d+\s*\.?")


def require_extra(settings: RankerSettings) -> None:
    """Refuse parameters that LightGBM does not take, and those that are set already.

    LightGBM passes over names that it does not know, and ends hours later on values that it cannot
    take; so names are compared with its own, and the values tried in a fit of a moment.

    Args:
        settings: the `[ranker]` section.

    Raises:
        ConfigError: a parameter cannot be used; the message names it.
    """
    for name in settings.extra:
        _require_known(name)
        _require_free(name)
    if settings.extra:
        _fit_a_little(settings)


def _require_known(name: str) -> None:
    known = lgb.basic._ConfigAliases._get_all_param_aliases()
    names = {*known, *(alias for aliases in known.values() for alias in aliases)}
    if name not in names:
        close = get_close_matches(name, sorted(names), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(f"[ranker] extra: LightGBM has no parameter {name!r}.{hint}")


def _require_free(name: str) -> None:
    """Raise ConfigError for a parameter that is set already, under any of its names."""
    ours = lightgbm_parameters(RankerSettings(), seed=0, threads=1)
    for parameter in (*SETTINGS, *ours, *OF_NETWORKS):
        if name in _names_of(parameter):
            setting = SETTINGS.get(parameter)
            cure = f"use {setting} in its place" if setting else "take it out"
            raise ConfigError(f"[ranker] extra cannot set {name!r}, which is set already: {cure}")


def _names_of(parameter: str) -> Iterable[str]:
    names: set[str] = lgb.basic._ConfigAliases.get(parameter)
    return names


def _fit_a_little(settings: RankerSettings) -> None:
    small: dict[str, Any] = {"leaves": 2, "min_leaf": 1, "learning_rate": 0.1}
    parameters = lightgbm_parameters(settings.model_copy(update=small), seed=0, threads=1)
    rng = np.random.default_rng(0)
    features = rng.random((N_USERS * N_ITEMS, N_FEATURES))
    labels = np.tile(np.arange(N_ITEMS) == 0, N_USERS)
    try:
        with warnings.catch_warnings():
            # LightGBM warns of parameters that it passes over.
            warnings.simplefilter("error")
            dataset = lgb.Dataset(features, labels, group=[N_ITEMS] * N_USERS)
            lgb.train(parameters, dataset, num_boost_round=1)
    except (lgb.basic.LightGBMError, TypeError, ValueError, UserWarning) as error:
        shown = ", ".join(f"{name} = {value!r}" for name, value in settings.extra.items())
        reason = _PLACE_IN_SOURCE.sub("", str(error)).strip().rstrip(".")
        raise ConfigError(
            f"[ranker] extra = {{ {shown} }} is refused by LightGBM: {reason}. Correct it there"
        ) from error
