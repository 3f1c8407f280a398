"""Priors of the configuration against the data: from names to flags of items."""

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from fusion.config import PriorSettings
from fusion.core.findings import Finding, FindingKind, declare
from fusion.data.dataset import Dataset
from fusion.data.priors import ItemPrior
from fusion.errors import ConfigError
from fusion.lists.business_rules.rule_forms import EQUATION, Named
from fusion.lists.business_rules.rule_names import NameKinds, NameResolver

PRIOR_NAMES = NameKinds(
    table="priors",
    item=declare(
        FindingKind(
            "prior_item",
            "warning",
            "a prior that names items which the data does not have",
            "the prior is about the others",
            "Correct the id, or take it out of [[priors]].",
        )
    ),
    column=declare(
        FindingKind(
            "prior_column",
            "error",
            "a prior that names a category column which the data does not have",
            "nothing is trained: the prior would say nothing",
            "Correct the name, or declare the column under [data.item_features] category.",
        )
    ),
    value=declare(
        FindingKind(
            "prior_value",
            "warning",
            "a prior that names a category which no item has",
            "the prior says nothing by it",
            "Correct the value in [[priors]]; case counts.",
        )
    ),
)


class _Group(Named):
    """Items that a prior names, and how messages call the prior."""

    prior: str

    def __str__(self) -> str:
        return self.prior


def resolve_priors(
    priors: Sequence[PriorSettings], data: Dataset
) -> tuple[tuple[ItemPrior, ...], list[Finding]]:
    """Look up the items that priors name.

    Args:
        priors: as configured.
        data: the items.

    Returns:
        A prior by row number for each, and every name that the data lacks. With an error among the
        findings they are not usable.
    """
    names = NameResolver(data, kinds=PRIOR_NAMES)
    resolved = []
    for prior in priors:
        in_history = names.items(_group(prior, prior.history, data))
        concerned = names.items(_group(prior, prior.items, data))
        resolved.append(ItemPrior(prior.name, in_history, concerned))
    return tuple(resolved), names.findings


def with_priors(data: Dataset, priors: Sequence[PriorSettings]) -> tuple[Dataset, list[Finding]]:
    """Give a dataset the priors that a training is to learn the weights of.

    Args:
        data: before it is cut into folds, which all have the same priors.
        priors: as configured.

    Returns:
        The dataset, itself where there are no priors, and warnings.

    Raises:
        ConfigError: with every finding of severity error.
    """
    if not priors:
        return data, []
    resolved, findings = resolve_priors(priors, data)
    errors = [finding.text() for finding in findings if finding.severity == "error"]
    if errors:
        raise ConfigError("\n".join(errors))
    return replace(data, priors=resolved), findings


def _group(prior: PriorSettings, names: Sequence[str], data: Dataset) -> _Group:
    """Tell categories from ids; what an item is called is that item, whatever it looks like."""
    is_item = data.item_ids.rows(pl.Series(names, dtype=pl.String)) >= 0
    categories: list[str] = []
    items: list[str] = []
    for name, known in zip(names, is_item, strict=True):
        is_category = not known and re.match(EQUATION, name)
        (categories if is_category else items).append(name)
    return _Group(prior=str(prior), items=tuple(items), categories=tuple(categories))
