"""`fusion check`: everything that can be wrong before any time is spent on training."""

from functools import partial

import polars as pl

from flows.session import Session
from flows.steps.keep.forgotten import KEY, Forgotten, forgotten
from flows.steps.rules import rule_set
from fusion.core.findings import Finding
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError, FusionError
from fusion.ingest.load import inspect_data
from fusion.lists.blocked import NO_BLOCKS
from fusion.lists.resolve_rules import resolve
from fusion.training.sources import build_source
from storage.reading.blocked_items import blocked_now
from storage.reading.frames import read_sql
from storage.reading.read import live, served_of


def check_all(session: Session) -> list[Finding]:
    """Findings of the sources' settings, the database and the data, errors first."""
    left_out, missing = _forgotten(session)
    found = [*_sources(session), *_database(session), *missing]
    query = partial(read_sql, base=session.base)
    seen = inspect_data(
        session.config.data, session.base, None, query, _live_users(session), left_out
    )
    found += [*seen.findings, *_rules(session, seen.dataset)]
    return sorted(found, key=lambda one: one.severity)


def _sources(session: Session) -> list[Finding]:
    found = []
    for source in session.config.sources:
        try:
            build_source(source)
        except FusionError as wrong:
            cure = "Correct [[sources]] in the configuration."
            found.append(
                Finding("wrong_source", "error", f"source {source.name}", 1, str(wrong), [], cure)
            )
    return found


def _database(session: Session) -> list[Finding]:
    try:
        session.engine.connect().close()
    except FusionError as wrong:
        cure = "Correct [storage] url, or start the database."
        return [Finding("no_database", "error", "storage", 1, str(wrong), [], cure)]
    return []


def _forgotten(session: Session) -> tuple[Forgotten | None, list[Finding]]:
    """People to leave out of the data, or a finding why they cannot be told; neither without a database."""
    try:
        return forgotten(session.engine), []
    except ConfigError as wrong:
        return None, [
            Finding("forget_key", "error", "forgotten people", 1, str(wrong), [], f"Set {KEY}.")
        ]
    except FusionError:
        return None, []


def _rules(session: Session, data: Dataset | None) -> list[Finding]:
    """What is wrong with the rules file, and what rules and blocks name that the data does not have."""
    try:
        source = rule_set(session)
    except FusionError as wrong:
        cure = "Correct the file that [lists] rules names."
        return [Finding("wrong_rules", "error", "rules", 1, str(wrong), [], cure)]
    return (
        []
        if data is None
        else resolve(source, data, _blocked(session), session.config.lists.size)[1]
    )


def _blocked(session: Session) -> pl.DataFrame:
    try:
        return blocked_now(session.engine, session.placement)
    except FusionError:  # said by `_database`
        return NO_BLOCKS


def _live_users(session: Session) -> pl.Series | None:
    try:
        shown = live(session.engine, session.placement)
    except FusionError:
        return None
    return served_of(session.engine, shown.run.run_no)["user_id"] if shown else None
