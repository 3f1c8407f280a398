"""Gather the facts of a run beside the run before."""

from dashboards.diagnosis.facts import ColumnMove, Facts, Pair, Published
from dashboards.measures.registry import MEASURES
from dashboards.measures.stability import SUBJECT as LISTS
from flows.session import Session
from flows.steps.publish.live_checks import shaping_settings
from flows.steps.watch.diagnosis.of_alerts import alerts_on, finite, realised_below
from flows.steps.watch.diagnosis.of_manifests import (
    candidates_of,
    failed_checks,
    importance_of,
    rules_of,
    sections_of,
    sizes_of,
    verdict_of,
)
from fusion.ranking.features.compute import steady_columns
from fusion.runs.manifest import Manifest
from storage.reading.blocked_items import hidden_share
from storage.reading.read import column_figures, figures_of, history, route_counts
from storage.schema.row_objects import RunRow
from storage.schema.tables import COLD
from storage.watches.alert_rows import State
from storage.watches.alerts import alerts_of

STATES: tuple[State, ...] = ("open", "acknowledged", "resolved")
COLUMN_SUBJECTS = ("users", "items", "interactions", "features")
"""Subjects whose columns are compared; shapes of scores move by themselves."""
FEATURES = "features"


def gather(session: Session, run: RunRow, previous: RunRow | None) -> Facts:
    """Gather the facts of a run that was monitored.

    Args:
        session: the database and its placement.
        run: the run.
        previous: the run that it is compared with, with or without its rows; None for a first run.

    Returns:
        The facts; what nobody knows any more is missing.
    """
    stored = alerts_of(session.engine, session.placement, STATES)
    now = Manifest.of(run.manifest)
    before = Manifest.of(previous.manifest) if previous else Manifest()
    size = run.list_size or 0
    hidden = hidden_share(session.engine, session.placement, run.run_no, size)
    return Facts(
        against=previous.run_id if previous else None,
        alerts=alerts_on(run, stored),
        failed_checks=failed_checks(run, _was_published(session, run)),
        sizes=sizes_of(now, before),
        columns=_columns(session, run),
        feature_psi={name: psi for name, psi in now.feature_psi.items() if psi is not None},
        importance=importance_of(now, before),
        candidates=candidates_of(now, before),
        verdict=verdict_of(run, previous),
        rules=rules_of(run, previous, hidden),
        published=_published(session, run, previous),
        sections=sections_of(run, previous) if previous else {},
        lists=figures_of(session.engine, run.run_no, LISTS),
        realised=realised_below(run, stored),
    )


def _was_published(session: Session, run: RunRow) -> bool:
    moves = history(session.engine, session.placement)
    return any(move.to_run_no == run.run_no for move in moves)


def _columns(session: Session, run: RunRow) -> tuple[ColumnMove, ...]:
    """Return the drift of every column, as monitoring stored it."""
    figures = column_figures(session.engine, run.run_no, COLUMN_SUBJECTS)
    names = figures.filter(subject=FEATURES)["segment"].unique(maintain_order=True)
    steady = set(steady_columns(names))
    limits = {one.name: one.limit(session.config.monitor) for one in MEASURES}
    values = {row[:3]: row[3] for row in figures.iter_rows()}
    moves = []
    for (subject, column, name), value in values.items():
        if name not in limits:
            continue
        chance = values.get((subject, column, f"{name}_chance"), 0.0)
        is_moving = subject == FEATURES and column not in steady
        moves.append(ColumnMove(subject, column, value, chance, limits[name], is_moving))
    return tuple(moves)


def _published(session: Session, run: RunRow, previous: RunRow | None) -> Published:
    """Return what was loaded of both runs; of a pruned one nothing but what its manifest has."""
    if previous is None:
        return Published()
    manifests = [Manifest.of(one.manifest) for one in (run, previous)]
    now, before = (manifest.lists for manifest in manifests)
    routes = [route_counts(session.engine, one.run_no) for one in (run, previous)]
    users = [sum(counts.values()) or None for counts in routes]
    cold = [
        # Attributes give some of them a list.
        counts.get(COLD, 0) - int(manifest.cold_users.get("lists", 0)) if counts else None
        for counts, manifest in zip(routes, manifests, strict=True)
    ]
    return Published(
        rows=Pair(finite(now.rows), finite(before.rows)),
        users=Pair(*users),
        without_list=Pair(*cold),
        short=Pair(finite(now.short), finite(before.short)),
        has_same_shape=shaping_settings(run) == shaping_settings(previous),
    )
