"""`fusion check`: everything that can be wrong before any time is spent on training."""

from datetime import datetime

import polars as pl
from sqlalchemy import Engine, delete, false

from dashboards.settings import MonitorSettings
from flows.session import Session
from flows.steps.keep.forgotten import KEY, Forgotten, read_forgotten
from flows.steps.rules import read_rule_set
from flows.steps.run_summaries import slots_shown
from flows.steps.train.inputs import live_ids
from flows.steps.watch.outside import check_compute, check_outside, check_receivers
from fusion.core.findings import Finding
from fusion.errors import ConfigError, FusionError, Temporary, UnusableSource
from fusion.ingest.checks.registry import LiveIds
from fusion.ingest.load import inspect_data
from fusion.lists.business_rules.block_findings import idle_rows
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.resolve_priors import resolve_priors
from fusion.lists.business_rules.resolve_rules import resolve
from fusion.lists.business_rules.rules import RuleSet
from fusion.models.base.registry import offered
from fusion.models.foreign.processes import foreign_sources
from fusion.models.foreign.resolve import source_model
from fusion.training.sources import build_source, source_limits
from storage.connect import require_makeable
from storage.database.engine import writing
from storage.database.errors import DamagedDatabase, NoDatabase, OlderDatabase
from storage.reading.blocked_items import blocked_now, idle_blocks, placements
from storage.reading.live_run import live
from storage.schema.tables import run


def check_all(session: Session, as_of: datetime | None = None) -> list[Finding]:
    """Check the settings with all that they name outside, the data, the rules and the blocks.

    A problem ends nothing: whatever can still be checked is checked, so that one call names all.

    Args:
        session: the configuration and the database.
        as_of: look at the data as a run as of this time would; None is everything.

    Returns:
        Findings, errors first.
    """
    with foreign_sources(source_limits(session.config)):
        return _check_all(session, as_of)


def _check_all(session: Session, as_of: datetime | None) -> list[Finding]:
    database_findings = _check_database(session)
    forgotten = None
    # Without a database nobody knows whether anybody is forgotten: a key would mend nothing.
    if not database_findings and _has_database(session):
        forgotten, database_findings = _read_forgotten(session)
    findings = [*_check_sources(session), *_check_ranker(session)]
    findings += [*_check_packages(session), *_check_monitor(session), *database_findings]
    known = _live_ids(session)
    inspected = inspect_data(
        session.config.data, session.base, as_of, session.read_sql, known, forgotten
    )
    findings += inspected.findings
    rule_set, rule_findings = _read_rules(session)
    findings += rule_findings
    findings += check_outside(session, rule_set)
    findings += [*check_receivers(session), *check_compute(session)]
    if inspected.dataset is not None:
        blocked, size = _blocked(session), session.config.lists.size
        findings += resolve(rule_set, inspected.dataset, blocked, size)[1]
        findings += resolve_priors(session.config.priors, inspected.dataset)[1]
    findings += _check_blocks(session)
    return sorted(findings, key=lambda finding: finding.severity)


def _check_sources(session: Session) -> list[Finding]:
    cure = "Correct [[sources]] in the configuration."
    findings = []
    for source in session.config.sources:
        subject = f"source {source.name}"
        try:
            build_source(source)
        except UnusableSource as broken:
            findings.append(_broken(subject, broken))
        except FusionError as wrong:
            findings.append(
                Finding("wrong_source", "error", subject, 1, _on_one_line(wrong), [], cure)
            )
    return findings


def _check_packages(session: Session) -> list[Finding]:
    """Name the sources of installed packages that are broken though nobody configured them."""
    configured = {source.use for source in session.config.sources}
    findings = []
    for name in sorted(offered().keys() - configured):
        try:
            source_model(name)
        except UnusableSource as broken:
            findings.append(_broken(f"source {name}", broken))
        except ConfigError:
            # It takes no part without settings, which nobody gave: nothing is wrong with that.
            continue
    return findings


def _broken(subject: str, broken: UnusableSource) -> Finding:
    """A finding about a package; a run leaves its source out, and goes on."""
    cure = broken.CURE
    return Finding("broken_source", "warning", subject, 1, _one_line(broken.why), [], cure)


def _check_ranker(session: Session) -> list[Finding]:
    settings, cure = session.config.ranker, "Correct [ranker] extra in the configuration."
    # LightGBM takes a while to import, and few have any.
    if not settings.extra:
        return []
    from fusion.ranking.extra_parameters import require_extra  # noqa: PLC0415

    try:
        require_extra(settings)
    except ConfigError as wrong:
        return [Finding("wrong_ranker", "error", "ranker.extra", 1, str(wrong), [], cure)]
    return []


def _check_monitor(session: Session) -> list[Finding]:
    """Say what a limit of churn means that somebody set when it was judged by itself."""
    monitor = session.config.monitor
    if monitor.churn_limit == MonitorSettings().churn_limit:
        return []
    message = (
        f"churn_limit = {monitor.churn_limit:g} is a floor of effect: lists that change less raise "
        "no alert; those that change more do only where chance and the time between two runs do "
        "not explain it"
    )
    cure = "Nothing needs doing where that is meant; take churn_limit out of [monitor] otherwise."
    return [Finding("floor_of_effect", "warning", "monitor.churn_limit", 1, message, [], cure)]


def _check_database(session: Session) -> list[Finding]:
    """Open the database and see that it can be written; one that is not there yet, be made."""
    try:
        _require_usable(session)
    except OlderDatabase as wrong:
        cure = "Run `fusion db upgrade`."
        return [Finding("older_database", "error", "storage", 1, str(wrong), [], cure)]
    except DamagedDatabase as wrong:
        cure = "Restore a backup, or name an empty database in [storage] url."
        return [Finding("damaged_database", "error", "storage", 1, str(wrong), [], cure)]
    except FusionError as wrong:
        cure = "Correct [storage] url, or start the database."
        return [Finding("no_database", "error", "storage", 1, str(wrong), [], cure)]
    return []


def _has_database(session: Session) -> bool:
    try:
        return bool(session.engine)
    except NoDatabase:
        return False


def _require_usable(session: Session) -> None:
    try:
        _require_writes(session.engine)
        slots_shown(session)
    except NoDatabase:
        require_makeable(session.storage)


def _require_writes(engine: Engine) -> None:
    """Write to the table of runs without changing it; ConfigError where the user may not."""
    try:
        with writing(engine) as connection:
            connection.execute(delete(run).where(false()))
    except Temporary:
        # A training that loads its lists now: nothing is wrong with the database.
        return


def _read_forgotten(session: Session) -> tuple[Forgotten | None, list[Finding]]:
    """Read the people to leave out of the data, or a finding why they cannot be known."""
    cure = f"Set {KEY} to the key that they were forgotten with."
    try:
        return read_forgotten(session.engine), []
    except ConfigError as wrong:
        finding = Finding("forget_key", "error", "forgotten people", 1, str(wrong), [], cure)
        return None, [finding]


def _read_rules(session: Session) -> tuple[RuleSet, list[Finding]]:
    """Read the rules file, or none and a finding why it cannot be read."""
    cure = "Correct the file that [lists] rules names."
    try:
        return read_rule_set(session), []
    except FusionError as wrong:
        message = _on_one_line(wrong)
        return RuleSet(), [Finding("wrong_rules", "error", "rules", 1, message, [], cure)]


def _on_one_line(wrong: FusionError) -> str:
    """Join the lines of an error, a problem each, as a finding has one line."""
    return _one_line(str(wrong))


def _one_line(text: str) -> str:
    first, *problems = text.splitlines()
    return " ".join([first, "; ".join(problem.strip() for problem in problems)]).strip()


def _blocked(session: Session) -> pl.DataFrame:
    try:
        return blocked_now(session.engine, session.placement)
    except FusionError:
        # No database: `_check_database` has a finding about it.
        return NO_BLOCKS


def _check_blocks(session: Session) -> list[Finding]:
    """Name rows of `blocked_item` that can never act."""
    try:
        idle = idle_blocks(session.engine, session.placement)
        known = sorted({session.placement, *placements(session.engine)})
    except FusionError:
        # No database: `_check_database` has a finding about it.
        return []
    return idle_rows(idle, known)


def _live_ids(session: Session) -> LiveIds | None:
    """Return ids of the live run, which help to notice re-keyed ones; None without a database."""
    try:
        live_run = live(session.engine, session.placement)
    except FusionError:
        return None
    return live_ids(session.engine, live_run)
