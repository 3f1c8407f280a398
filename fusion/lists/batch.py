"""Serving: the chosen method's lists for every user, block by block, and what users without history get."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.core.arrays import DAY, Flags, Rows, Scores, contains
from fusion.core.hashing import shares
from fusion.data.ranked_lists import RankedLists
from fusion.data.segments import ROUTES, route_of, user_segments
from fusion.errors import DataError
from fusion.lists.builder import ListBuilder, user_groups
from fusion.lists.compiled_rules import Rules
from fusion.lists.explain import Explainer, Reasons
from fusion.lists.fallback import ALL, fallback_lists
from fusion.models.base.fitted import FittedSource
from fusion.models.base.recommender import Allowed
from fusion.ranking.candidates import Candidates, candidate_blocks
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.method import BLEND, Method
from fusion.runs.context import RunContext
from fusion.runs.monitoring_samples import USER_ROW
from fusion.runs.run_folder import ListsFolder

SAMPLE_USERS = 2000
"""Users whose serving features are kept, to compare them with the last training table."""


def serving_users(context: RunContext) -> tuple[Rows, Rows]:
    """Users (n,) who get a list or the fallback, and the route of each as an index into ROUTES."""
    known = context.plan.serving.known
    users = np.arange(known.n_users, dtype=np.int32)
    days = context.config.lists.active_days
    if days:
        users = users[context.data.last_times >= known.as_of - days * DAY]
    return users, route_of(known.user_counts[users], context.config.split.sparse)


def write_lists(
    folder: ListsFolder,
    context: RunContext,
    sources: Sequence[FittedSource],
    method: Method,
    rules: Rules | None = None,
) -> None:
    """Write `lists.parquet`, `served.parquet`, `fallback.parquet`; for a sample of users `features` and `twin`."""
    users, routes = serving_users(context)
    listed = users[routes != ROUTES.index("cold")]
    if not len(listed):
        raise DataError(
            f"[lists] users = {context.config.lists.users!r} leaves nobody with a history; take more days, or all"
        )
    sample = feature_sample(context)
    progress = context.progress("lists")
    builder = ListBuilder.of(context, rules)
    uncounted = replace(builder, moved=Counter())
    writer, features, twins, done = None, [], [], 0
    explainer = _explainer(context, sources, method, len(listed))
    for allowed, found, columns in _blocks(context, sources, listed, rules):
        lists = builder(allowed, found, method.score(found, columns), columns[BLEND])
        explainer.add(found, columns, lists, builder.marks(lists))
        block = _rows(lists, found)
        writer = writer or pq.ParquetWriter(folder.lists, block.schema, compression="zstd")
        writer.write_table(block)
        kept = np.isin(found.users.rows[found.pairs.owners], sample)
        sampled = {name: column[kept] for name, column in columns.items()}
        features.append(
            pl.DataFrame({USER_ROW: found.users.rows[found.pairs.owners[kept]], **sampled})
        )
        twins.append(
            _twin(
                partial(uncounted, allowed),
                found,
                columns[BLEND],
                kept,
                method.twin_scores(sampled),
            )
        )
        done += len(found.users)
        progress(done, len(listed))
    if writer:
        writer.close()
    pl.concat(features).write_parquet(folder.features)
    pl.concat(twins).write_parquet(folder.twin)
    notes = {"explained": explainer.explained, "listed": len(listed), "moved": builder.moved}
    folder.notes.write_text(json.dumps(notes))
    explainer.write(folder)
    write_fallback(folder, context, users, routes, rules)


def _explainer(
    context: RunContext, sources: Sequence[FittedSource], method: Method, users: int
) -> Explainer:
    lists = context.config.lists
    return Explainer(
        Reasons.of(sources), method.ranker, context.config.seed, lists.why_rows, users, lists.size
    )


def _blocks(
    context: RunContext, sources: Sequence[FittedSource], users: Rows, rules: Rules | None
) -> Iterator[tuple[Allowed, Candidates, dict[str, Scores]]]:
    fold = context.plan.serving
    statistics = ItemStatistics(fold.known)
    for some, allowed in user_groups(context, users, rules):
        for found in candidate_blocks(sources, fold, some, allowed, context.block_budget):
            yield allowed, found, feature_columns(found, statistics)


def _twin(
    builder: Callable[[Candidates, Scores, Scores], RankedLists],
    found: Candidates,
    fallback_scores: Scores,
    kept: Flags,
    twin: Scores | None,
) -> pl.DataFrame:
    """Lists of the sampled users of a block by the twin's scores of their candidates; empty without a twin."""
    users, items = np.empty(0, np.int32), np.empty((0, 0), np.int32)
    if twin is not None:
        scores = np.full(len(found.pairs), np.nan, np.float32)
        scores[kept] = twin
        lists = builder(found, scores, fallback_scores)
        sampled = np.isin(lists.users, found.users.rows[found.pairs.owners[kept]])
        users, items = lists.users[sampled], lists.items[sampled]
    owners, places = np.nonzero(items >= 0)
    ranks = (places + 1).astype(np.int32)
    return pl.DataFrame({"user": users[owners], "rank": ranks, "item": items[owners, places]})


def _rows(lists: RankedLists, found: Candidates) -> pa.Table:
    """One row a listed item, with the source that ranks it best and where; null for what only filled a list up."""
    owners, places = np.nonzero(lists.items >= 0)
    items = lists.items[owners, places]
    at = found.positions(owners, items)
    ranked = np.full((len(at), len(found.names)), np.inf)
    ranked[at >= 0] = np.nan_to_num(found.places[at[at >= 0]], nan=np.inf)
    source = ranked.argmin(axis=1)
    place = ranked[np.arange(len(ranked)), source]
    proposed = np.isfinite(place)
    return pa.table(
        {
            "user": lists.users[owners],
            "rank": (places + 1).astype(np.int32),
            "item": items,
            "score": lists.scores[owners, places],
            "source": pa.DictionaryArray.from_arrays(
                pa.array(source.astype(np.int8), mask=~proposed), [*found.names]
            ),
            "source_rank": pa.array(np.where(proposed, place, 0).astype(np.int32), mask=~proposed),
        }
    )


def feature_sample(context: RunContext) -> Rows:
    """Users of the verdict table who get a list, kept for the comparison of features, by hash: the same in both.

    Those whom the verdict fold did not know yet are left out: they have a history by now, and
    nearly all their cells would have moved.
    """
    fold = context.plan.verdict
    users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
    users = users[contains(serving_users(context)[0], users)]
    return users[shares(context.config.seed, users) < SAMPLE_USERS / max(1, len(users))]


def write_fallback(
    folder: ListsFolder, context: RunContext, users: Rows, routes: Rows, rules: Rules | None
) -> None:
    """Write what is popular now, for all and for each value of the users' first category, and who falls where."""
    fallback_lists(context, context.plan.serving, rules).write_parquet(folder.fallback)
    mine = user_segments(context.data)[users].fill_null(ALL)
    named = [ROUTES[route] for route in routes]
    pl.DataFrame({"user": users, "route": named, "segment": mine}).write_parquet(folder.served)
