"""Serving: the chosen method's lists for every user, block by block, and what users without history get."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.core.arrays import DAY, Flags, Rows, Scores, contains
from fusion.core.hashing import shares
from fusion.data.ranked_lists import Lists
from fusion.data.segments import ROUTES, route_of, user_segments
from fusion.errors import DataError
from fusion.lists.builder import Listing, audiences
from fusion.lists.compiled_rules import Rules
from fusion.lists.explain import Explainer, Reasons
from fusion.lists.fallback import ALL, fallback_lists
from fusion.models.base.fitted import Fitted
from fusion.models.base.recommender import Allowed
from fusion.ranking.candidates import Candidates, candidate_blocks
from fusion.ranking.features.columns import feature_columns
from fusion.ranking.features.item_statistics import Knowledge
from fusion.ranking.method import BLEND, Method
from fusion.runs.context import Job
from fusion.runs.monitoring_samples import USER_ROW

SAMPLE_USERS = 2000
"""Users whose serving features are kept, to compare them with the last training table."""


def serving_users(job: Job) -> tuple[Rows, Rows]:
    """Users (n,) who get a list or the fallback, and the route of each as an index into ROUTES."""
    known = job.plan.serving.known
    users = np.arange(known.n_users, dtype=np.int32)
    days = job.config.lists.active_days
    if days:
        users = users[job.data.last_times >= known.as_of - days * DAY]
    return users, route_of(known.user_counts[users], job.config.split.sparse)


def write_lists(
    folder: Path, job: Job, sources: Sequence[Fitted], method: Method, rules: Rules | None = None
) -> None:
    """Write `lists.parquet`, `served.parquet`, `fallback.parquet`; for a sample of users `features` and `twin`."""
    users, routes = serving_users(job)
    listed = users[routes != ROUTES.index("cold")]
    if not len(listed):
        raise DataError(
            f"[lists] users = {job.config.lists.users!r} leaves nobody with a history; take more days, or all"
        )
    sample = feature_sample(job)
    progress = job.progress("lists")
    listing = Listing.of(job, rules)
    uncounted = replace(listing, moved=Counter())
    writer, features, twins, done = None, [], [], 0
    explainer = _explainer(job, sources, method, len(listed))
    for allowed, found, columns in _blocks(job, sources, listed, rules):
        lists = listing(allowed, found, method.score(found, columns), columns[BLEND])
        explainer.add(found, columns, lists, listing.marks(lists))
        block = _rows(lists, found)
        writer = writer or pq.ParquetWriter(
            folder / "lists.parquet", block.schema, compression="zstd"
        )
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
    pl.concat(features).write_parquet(folder / "features.parquet")
    pl.concat(twins).write_parquet(folder / "twin.parquet")
    notes = {"explained": explainer.explained, "listed": len(listed), "moved": listing.moved}
    (folder / "notes.json").write_text(json.dumps(notes))
    explainer.write(folder)
    write_fallback(folder, job, users, routes, rules)


def _explainer(job: Job, sources: Sequence[Fitted], method: Method, users: int) -> Explainer:
    lists = job.config.lists
    return Explainer(
        Reasons.of(sources), method.ranker, job.config.seed, lists.why_rows, users, lists.size
    )


def _blocks(
    job: Job, sources: Sequence[Fitted], users: Rows, rules: Rules | None
) -> Iterator[tuple[Allowed, Candidates, dict[str, Scores]]]:
    fold = job.plan.serving
    knowledge = Knowledge(fold.known)
    for some, allowed in audiences(job, users, rules):
        for found in candidate_blocks(sources, fold, some, allowed, job.room):
            yield allowed, found, feature_columns(found, knowledge)


def _twin(
    listing: Callable[[Candidates, Scores, Scores], Lists],
    found: Candidates,
    filler: Scores,
    kept: Flags,
    twin: Scores | None,
) -> pl.DataFrame:
    """Lists of the sampled users of a block by the twin's scores of their candidates; empty without a twin."""
    users, items = np.empty(0, np.int32), np.empty((0, 0), np.int32)
    if twin is not None:
        scores = np.full(len(found.pairs), np.nan, np.float32)
        scores[kept] = twin
        lists = listing(found, scores, filler)
        sampled = np.isin(lists.users, found.users.rows[found.pairs.owners[kept]])
        users, items = lists.users[sampled], lists.items[sampled]
    owners, places = np.nonzero(items >= 0)
    ranks = (places + 1).astype(np.int32)
    return pl.DataFrame({"user": users[owners], "rank": ranks, "item": items[owners, places]})


def _rows(lists: Lists, found: Candidates) -> pa.Table:
    """One row a listed item, with the source that ranks it best and where; null for what only filled a list up."""
    owners, places = np.nonzero(lists.items >= 0)
    items = lists.items[owners, places]
    at = found.at(owners, items)
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


def feature_sample(job: Job) -> Rows:
    """Users of the verdict table who get a list, kept for the comparison of features, by hash: the same in both.

    Those whom the verdict fold did not know yet are left out: they have a history by now, and
    nearly all their cells would have moved.
    """
    fold = job.plan.verdict
    users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
    users = users[contains(serving_users(job)[0], users)]
    return users[shares(job.config.seed, users) < SAMPLE_USERS / max(1, len(users))]


def write_fallback(folder: Path, job: Job, users: Rows, routes: Rows, rules: Rules | None) -> None:
    """Write what is popular now, for all and for each value of the users' first category, and who falls where."""
    fallback_lists(job, job.plan.serving, rules).write_parquet(folder / "fallback.parquet")
    mine = user_segments(job.data)[users].fill_null(ALL)
    named = [ROUTES[route] for route in routes]
    pl.DataFrame({"user": users, "route": named, "segment": mine}).write_parquet(
        folder / "served.parquet"
    )
