"""Prices of the lists to serve: candidates are scored once to find them, and once more to list."""

from collections.abc import Sequence

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.core.hashing import shares
from fusion.lists.builder import ListBuilder
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.exposure_limits import ExposedItems
from fusion.lists.candidate_blocks import serving_blocks
from fusion.lists.exposure.defaults import DEFAULTS
from fusion.lists.exposure.fit import FittedPrices, fit_prices
from fusion.lists.exposure.prices import Prices
from fusion.lists.stickiness import Stickiness
from fusion.models.base.fitted import FittedSource
from fusion.ranking.method import BLEND, Method
from fusion.runs.context import RunContext

NO_PRICES = FittedPrices(Prices((), ()), (), ())
"""Without a limit of exposure."""


def serving_prices(
    context: RunContext,
    sources: Sequence[FittedSource],
    method: Method,
    builder: ListBuilder,
    sticky: Stickiness,
    listed: tuple[Rows, Rules | None],
) -> FittedPrices:
    """Find the prices by which lists keep their limits of exposure.

    Args:
        context: data, folds and settings.
        sources: fitted on the serving fold.
        method: how candidates are scored.
        builder: makes the lists.
        sticky: raises the items of live lists.
        listed: users who get lists (n,), and what these follow.

    Returns:
        Prices; none without a limit of exposure, and nothing is scored then.
    """
    users, rules = listed
    if rules is None or not rules.exposure:
        return NO_PRICES
    samples = [_sample(context, rule, users) for rule in rules.exposure]
    sampled = users[np.logical_or.reduce(samples)[users]]
    blocks = []
    for block in serving_blocks(context, sources, sampled, rules):
        scores = sticky.raised(block.candidates, method.score(block.candidates, block.columns))
        lists = builder.priced_block(block.allowed, block.candidates, scores, block.columns[BLEND])
        blocks.append(lists)
    return fit_prices(rules.exposure, blocks, samples, context.config.lists.size)


def _sample(context: RunContext, rule: ExposedItems, users: Rows) -> Flags:
    """Mark the users (U,) on whose lists the price of a rule is found: all of them, if not many."""
    marks = np.zeros(context.data.n_users, bool)
    own = users[rule.users[users]]
    share = DEFAULTS.users / max(1, len(own))
    marks[own if share >= 1 else own[shares(context.config.seed, own) < share]] = True
    return marks
