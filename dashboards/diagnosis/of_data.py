"""Causes in the data: alerts of watches, findings, drift, and sizes."""

from collections.abc import Iterator

from dashboards.diagnosis.cause import Cause, Evidence
from dashboards.diagnosis.facts import EXPOSURE, ColumnMove, Facts, StandingAlert
from dashboards.diagnosis.figures import LARGE, ratio
from dashboards.diagnosis.kinds import Severity
from dashboards.diagnosis.sentences import named
from fusion.watching.causes import CAUSES, QUALITY

SUBJECTS = ("users", "items", "interactions")
"""Subjects of drift that are data."""
NO_FINDINGS = ("lists", "ranker", "source", "features", "scores", EXPOSURE)
"""Subjects of a run's alerts that are figures; all others are findings of a file or table."""
DRIFTED = "drifted_share"
FEWER = 0.75
HALVED = 0.5
MORE = 1.7
"""Multiples of the run before that count: a quarter less, half, and nearly twice."""
NAMED = 5
"""Columns whose drift is evidence; the report has all."""


def data_causes(facts: Facts) -> Iterator[Cause]:
    """Yield causes in the data: what watches found, what was there first before the rest.

    Args:
        facts: of the run.
    """
    for alert in facts.alerts:
        is_over = alert.is_answered and not facts.has_moved
        if alert.kind != "run" and alert.cause != QUALITY.code and not is_over:
            yield _of_watch(alert)
    for alert in facts.alerts:
        subject = alert.subject.partition(" ")[0]
        if alert.kind == "run" and alert.name != DRIFTED and subject not in NO_FINDINGS:
            yield _finding(alert)
    for subject in SUBJECTS:
        for alert in facts.of_run(subject):
            if alert.name == DRIFTED:
                yield _drifted(alert, facts)
    yield from _sizes(facts)


def worst_columns(facts: Facts, subject: str) -> list[ColumnMove]:
    """Return the columns of a subject that drifted, the worst first.

    Args:
        facts: of the run.
        subject: such as `users` or `features`.
    """
    drifted = [one for one in facts.columns if one.subject == subject and one.has_drifted]
    return sorted(drifted, key=lambda one: (-one.value / one.limit, one.column))[:NAMED]


def column_evidence(columns: list[ColumnMove]) -> tuple[Evidence, ...]:
    """Return the drift of columns as evidence.

    Args:
        columns: that drifted.
    """
    rows = []
    for one in columns:
        limit = max(one.limit, one.chance)
        rows.append(Evidence(one.subject, f"drift of {one.column}", one.value, high=limit))
    return tuple(rows)


def _of_watch(alert: StandingAlert) -> Cause:
    """Return what a watch found; a fault is broken data, and a change is news."""
    columns = ", ".join(alert.columns[:3]) or "a column"
    is_broken = alert.kind == "fault" and alert.severity == "alarm"
    parameters = {"subject": alert.subject, "column": columns}
    code = alert.cause
    if code not in CAUSES:
        code, parameters = "standing_alert", {"subject": alert.subject, "alert": alert.cause}
    evidence = Evidence(alert.subject, alert.name, alert.value, low=alert.low, high=alert.high)
    severity: Severity = "alarm" if is_broken else "look"
    return Cause("data", alert.subject, severity, code, parameters, (evidence,))


def _finding(alert: StandingAlert) -> Cause:
    share = alert.value or 0.0
    severity: Severity = "alarm" if share >= LARGE else "look"
    parameters = {"finding": alert.name, "subject": alert.subject, "share": share}
    evidence = Evidence(alert.subject, alert.name, alert.value, high=alert.high)
    return Cause("data", alert.subject, severity, "finding", parameters, (evidence,))


def _drifted(alert: StandingAlert, facts: Facts) -> Cause:
    worst = worst_columns(facts, alert.subject)
    share = alert.value or 0.0
    names = named([one.column for one in worst])
    parameters = {"subject": alert.subject, "share": share, "columns": names}
    own = Evidence(alert.subject, alert.name, alert.value, high=alert.high)
    evidence = (own, *column_evidence(worst))
    return Cause("data", alert.subject, "look", "drifted", parameters, evidence)


def _sizes(facts: Facts) -> Iterator[Cause]:
    """Yield what the data has far less or far more of than in the run before."""
    for subject, pair in sorted(facts.sizes.items()):
        times = ratio(pair)
        if times is None or FEWER < times < MORE:
            continue
        code = "fewer_in_data" if times <= FEWER else "more_in_data"
        severity: Severity = "alarm" if times <= HALVED else "look"
        parameters = {"subject": subject, "now": pair.now, "before": pair.before}
        evidence = (Evidence.of(subject, "rows", pair),)
        yield Cause("data", subject, severity, code, parameters, evidence)
