"""Batch of all lists: every user's by the chosen method, block by block, and the fallback."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from fusion.core.arrays import Rows
from fusion.core.parallel import cut_parts
from fusion.data.on_disk.growing_file import GrowingFile
from fusion.data.segments import ROUTES
from fusion.errors import DataError
from fusion.lists.builder import ListBuilder, serving_users
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.list_segments import serving_segments
from fusion.lists.candidate_blocks import cut_users, serving_blocks
from fusion.lists.cold_users.map_lists import MapLists
from fusion.lists.cold_users.map_reasons import MapReasons
from fusion.lists.cold_users.taste_map import MapSettings
from fusion.lists.exposure.outcome import outcomes
from fusion.lists.exposure.serving_prices import serving_prices
from fusion.lists.fallback.new_items import NewItems
from fusion.lists.fallback.segment_lists import fallback_lists
from fusion.lists.first_places import PlacesCollector, drawn_users
from fusion.lists.list_file import list_rows
from fusion.lists.live_lists import LiveLists
from fusion.lists.samples import SampleCollector, feature_sample
from fusion.lists.stickiness import measure_stickiness
from fusion.lists.warm_lists import WarmLists, make_explainer
from fusion.models.base.fitted import FittedSource
from fusion.ranking.method import Method
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder


@dataclass(frozen=True)
class ListTerms:
    """What lists are made by, beside the method that orders them.

    Attributes:
        rules: that they follow; None without rules.
        live: lists that are shown now, to which `lists.stickiness` holds; None without any.
        attributes: how far attributes of users without a history are believed; None where these
            get no list but the fallback.
    """

    rules: Rules | None = None
    live: LiveLists | None = None
    attributes: MapSettings | None = None


MadeElsewhere = Callable[[WarmLists, Sequence[Rows]], Generator[Path]]
"""Makes lists of users by other processes: of what would make them here, and of the users of each
part; yields a folder for each that `WarmLists.take` takes."""


def write_lists(
    folder: ListsFolder,
    context: RunContext,
    sources: Sequence[FittedSource],
    method: Method,
    terms: ListTerms = ListTerms(),
    elsewhere: MadeElsewhere | None = None,
) -> None:
    """Make the lists of all users to serve, and write everything that belongs to them.

    Blocks of users bound the memory.

    Args:
        folder: where lists, explanations, samples, fallback and notes are written.
        context: data, folds and settings.
        sources: fitted on the serving fold.
        method: how candidates are scored.
        terms: rules, live lists, and what becomes of users without a history.
        elsewhere: makes lists of many users with a history; None makes all of them here.

    Raises:
        DataError: nobody with a history is left to serve.
    """
    rules = terms.rules
    users, routes = serving_users(context)
    listed = _with_history(context, users, routes)
    cold = MapLists.of(context, users, routes, terms.attributes) if terms.attributes else None
    n_listed = len(listed) + (len(cold.users) if cold else 0)
    sticky = measure_stickiness(context, sources, method, (listed, rules), terms.live)
    builder = _builder(context, rules)
    fitted = serving_prices(context, sources, method, builder, sticky, (listed, rules))
    # Without a limit of exposure there is no price, and nothing is sorted anew.
    builder = replace(builder, prices=fitted.prices if fitted.prices.rules else None)
    sampled = listed[drawn_users(listed, context.config.seed)]
    warm = WarmLists(
        method=method,
        builder=builder,
        sticky=sticky,
        explainer=make_explainer(context, sources, method, n_listed),
        samples=SampleCollector(feature_sample(context), method, builder, sticky),
        places=PlacesCollector(sampled, context.config.lists.size),
    )
    with GrowingFile(folder.lists) as file:
        _write_warm_lists(file, context, sources, listed, warm, elsewhere)
        if cold:
            _write_cold_lists(file, cold, warm)
    if warm.restricted:
        _add_features_before_rules(warm.samples, context, sources)
    warm.write_kept(folder)
    # The manifest tells how much was explained, and what each rule did.
    limited = rules.exposure if rules else ()
    notes = {
        **warm.counts,
        "listed": n_listed,
        "exposure": outcomes(limited, fitted, folder.lists, context.config.lists.size),
    }
    folder.notes.write_text(json.dumps(notes))
    write_fallback(folder, context, users, routes, rules)


def _write_warm_lists(
    file: GrowingFile,
    context: RunContext,
    sources: Sequence[FittedSource],
    listed: Rows,
    warm: WarmLists,
    elsewhere: MadeElsewhere | None,
) -> None:
    """Write the lists of users with a history: of parts of others, where there are several."""
    rules = warm.builder.rules
    parts = cut_parts(cut_users(context, sources, listed, rules)) if elsewhere else []
    if elsewhere and len(parts) > 1:
        with closing(elsewhere(warm, parts)) as made:
            for part in made:
                warm.take(file, ListsFolder(part))
        return
    progress = context.progress("lists")
    for n_done in warm.write(file, serving_blocks(context, sources, listed, rules)):
        progress(n_done, len(listed))


def _write_cold_lists(file: GrowingFile, cold: MapLists, warm: WarmLists) -> None:
    """Write the lists of users without a history, by the same rules as those of all others."""
    builder, explainer = warm.builder, warm.explainer
    reasons = MapReasons(cold.taste, cold.settings, cold.likeness)
    # What waits is of users before them.
    explainer.explain_waiting()
    # Twice as deep as lists go: what stickiness raises may stand below their end.
    for block in cold.blocks(builder.rules, 2 * builder.depth):
        scores = warm.sticky.raised(block.candidates, block.scores)
        lists = builder.build(block.allowed, block.candidates, scores, block.scores)
        file.write(list_rows(lists, block.candidates))
        reasons.add(explainer, block, lists, builder.marks(lists))


def _with_history(context: RunContext, users: Rows, routes: Rows) -> Rows:
    """Return the users to list for; cold users have nothing to score by."""
    listed = users[routes != ROUTES.index("cold")]
    if not len(listed):
        raise DataError(
            f"[lists] users = {context.config.lists.users!r} leaves nobody with a history; take"
            " more days, or all"
        )
    return listed


def _add_features_before_rules(
    samples: SampleCollector, context: RunContext, sources: Sequence[FittedSource]
) -> None:
    """Sample features of candidates as they are without allow lists.

    The last training table knows no rules: under allow lists features are others, for no fault of
    the data or of a source (decision 17).
    """
    for block in serving_blocks(context, sources, samples.users, None):
        samples.add_features(block)


def _builder(context: RunContext, rules: Rules | None) -> ListBuilder:
    """Make the builder of users' lists; under allow lists it orders items that are new."""
    builder = ListBuilder.of(context, rules)
    if rules is None or not rules.allow:
        return builder
    serving = context.plan.serving
    new_items = NewItems.of(serving.known, context.allowed(serving.cut).items)
    return replace(builder, new_items=new_items.ordered(serving.known.item_counts))


def write_fallback(
    folder: ListsFolder, context: RunContext, users: Rows, routes: Rows, rules: Rules | None
) -> None:
    """Write the fallback lists, and how each user is served.

    Args:
        folder: where they are written.
        context: data, folds and settings.
        users: all users to serve (n,).
        routes: the route of each (n,), an index into ROUTES.
        rules: what lists follow; None without rules.
    """
    fallback_lists(context, context.plan.serving, rules).write_parquet(folder.fallback)
    segments = serving_segments(context.data, rules)[users]
    route_names = [ROUTES[route] for route in routes]
    served = pl.DataFrame({"user": users, "route": route_names, "segment": segments})
    served.write_parquet(folder.served)
