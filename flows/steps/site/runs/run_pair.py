"""Two runs beside each other, in time that does not grow with the number of users."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from dashboards.language.catalogue import marked
from dashboards.measures.churn_excess import Churn
from dashboards.measures.stability import SUBJECT, stability
from dashboards.pages.runs.pair import Form, PairedFigure, PairedLists, RunPair
from flows.session import Session
from flows.steps.site.runs import verdict_parts
from flows.steps.site.runs.report_parts import drift_of, folder_of_report, list_changes
from flows.steps.site.runs.run_facts import find, line_of
from flows.steps.site.runs.settings_of_runs import settings
from flows.steps.watch.changed_lists import ListsOfRun, changed_lists
from fusion.runs.manifest import Manifest
from storage.database.errors import NoDatabase
from storage.reading.of_runs.run_figures import run_figures
from storage.reading.of_runs.some_lists import first_lists, lists_between
from storage.reading.read import figures_of
from storage.runs.retention import ENDED
from storage.schema.row_objects import RunRow

DEPTH = 10
"""Ranks that are compared: what a page shows, as in the metrics."""
SAMPLED_USERS = 1000
"""Users whose lists are compared where monitoring did not compare the two runs: a page may not
take longer with more users."""
NOBODY = pl.DataFrame(schema={"user_id": pl.String, "route": pl.String, "segment": pl.String})


def read_pair(session: Session, placement: str, old: str, new: str) -> RunPair | None:
    """Compare two runs of a placement.

    Args:
        session: the database and the folder of runs.
        placement: where their lists are shown.
        old: a run's id, or a slot.
        new: a run's id, or a slot.

    Returns:
        None where there is no such run.

    Raises:
        DataError: a manifest, or a file of titles, is damaged.
    """
    try:
        engine = session.engine
    except NoDatabase:
        return None
    before, after = find(engine, placement, old), find(engine, placement, new)
    if before is None or after is None:
        return None
    manifests = Manifest.of(before.manifest), Manifest.of(after.manifest)
    verdicts = before.verdict or {}, after.verdict or {}
    compared = [
        one
        for one in verdict_parts.differences(verdicts[1])
        if one.is_live and one.against == before.run_id
    ]
    return RunPair(
        old=line_of(engine, before),
        new=line_of(engine, after),
        difference=compared[0] if compared else None,
        figures=tuple(_figures(before, after)),
        sources=tuple(verdict_parts.sources(verdicts[1], manifests[1], verdicts[0], manifests[0])),
        settings=tuple(settings(*manifests)),
        lists=_lists(session, before, after),
    )


def _figures(before: RunRow, after: RunRow) -> Iterator[PairedFigure]:
    both = [(run, Manifest.of(run.manifest), run.verdict or {}) for run in (before, after)]

    def _pair(name: str, form: Form, values: list[Any]) -> PairedFigure:
        return PairedFigure(name, form, *values)

    yield _pair(marked("State"), "text", [run.status for run, _, _ in both])
    yield _pair(marked("Lists by"), "text", [run.method for run, _, _ in both])
    yield _pair(marked("Data up to"), "when", [run.as_of for run, _, _ in both])
    yield _pair(marked("Trained"), "when", [run.created_at for run, _, _ in both])
    reported = [verdict_parts.estimate(verdict.get("reported")) for _, _, verdict in both]
    yield _pair(marked("NDCG@10"), "estimate", reported)
    chosen = [
        next((one.further for one in verdict_parts.methods(verdict) if one.is_chosen), {})
        for _, _, verdict in both
    ]
    for name in dict.fromkeys([*chosen[0], *chosen[1]]):
        yield _pair(name, "figure", [figures.get(name) for figures in chosen])
    ceilings = [(verdict.get("found") or {}).get("ceiling") for _, _, verdict in both]
    yield _pair(marked("Labels among the candidates"), "share", ceilings)
    yield _pair(marked("Judged users"), "number", [verdict.get("users") for _, _, verdict in both])
    yield _pair(
        marked("Interactions"), "number", [manifest.data.interactions for _, manifest, _ in both]
    )
    yield _pair(marked("Users"), "number", [manifest.data.users for _, manifest, _ in both])
    yield _pair(marked("Items"), "number", [manifest.data.items for _, manifest, _ in both])
    yield _pair(
        marked("Users with lists"), "number", [manifest.lists.users for _, manifest, _ in both]
    )
    yield _pair(
        marked("Trees of the ranker"), "number", [manifest.trees for _, manifest, _ in both]
    )


def _lists(session: Session, before: RunRow, after: RunRow) -> PairedLists | None:
    folder = folder_of_report(session.runs, after.run_id)
    figures = run_figures(session.engine, after.run_no)
    report = drift_of(folder)
    if report is not None and report.run.against == before.run_id:
        usual = figures_of(session.engine, before.run_no, SUBJECT)
        known = list_changes(folder, figures, after, before, usual)
        if known is not None:
            return PairedLists(
                users=int(known.figures.get("users_both", 0)),
                sampled=False,
                churn=known.churn.value if known.churn else None,
                chance=known.churn.chance if known.churn else None,
                top1_changed=known.figures.get("top1_changed"),
                unchanged=known.figures.get("unchanged"),
                items=known.items,
            )
    same = {one.name: one.value for one in figures if one.subject == SUBJECT}.get("jaccard_chance")
    return _sampled(session, before, after, None if same is None else 1 - same)


def _sampled(
    session: Session, before: RunRow, after: RunRow, chance: float | None
) -> PairedLists | None:
    """Compare the lists of some users; None where one run has none any more."""
    if before.status not in ENDED or after.status not in ENDED:
        return None
    of_new = first_lists(session.engine, after.run_no, DEPTH, SAMPLED_USERS)
    if of_new.rows.is_empty():
        return None
    ids = of_new.rows["user_id"]
    ends = ids[0], ids[-1]
    of_old = lists_between(session.engine, before.run_no, DEPTH, ends, SAMPLED_USERS)
    # Whom only one of the two samples holds would count as gained or lost.
    both = of_old.rows.select("user_id").unique().join(of_new.rows, on="user_id", how="semi")
    old, new = (lists.rows.join(both, on="user_id", how="semi") for lists in (of_old, of_new))
    change = stability(old, new, DEPTH)
    changed = changed_lists(
        session.runs,
        ListsOfRun(before.run_id, old),
        ListsOfRun(after.run_id, new),
        change.users,
        NOBODY,
    )
    churn = Churn.of(change)
    tables = {"gained": changed.gained, "lost": changed.lost, "moved": changed.moved}
    return PairedLists(
        users=len(both),
        sampled=not (of_old.is_all and of_new.is_all),
        churn=churn.value if churn else None,
        chance=chance,
        top1_changed=change.value("top1_changed"),
        unchanged=change.value("unchanged"),
        items={name: frame.to_dicts() for name, frame in tables.items()},
    )
