"""Causes in the candidates: which source lost which share of the labels."""

from collections.abc import Iterable, Iterator

from dashboards.diagnosis.cause import Cause, Evidence
from dashboards.diagnosis.facts import Facts, StandingAlert
from dashboards.diagnosis.figures import growth, has_fallen

BROKEN = (
    "source_failed",
    "source_left_out",
    "source_silent",
    "source_constant",
    "source_changed",
    "source_ceiling",
)
"""Codes of a run's alerts on a source."""
ABSENT = ("source_failed", "source_left_out")
"""Those that are facts, and no figures."""
SOURCE_KEPT = 0.75
"""Share of its labels that a source must keep, beside what chance takes."""
CEILING_KEPT = 0.9
"""The same of all candidates together, which hardly move in health."""
MIN_SHARE = 0.02
"""Shares below it are a handful of labels."""
SERVING_SOURCES = "serving sources list what they listed"
"""The check that no serving fit is broken."""


def candidate_causes(facts: Facts) -> Iterator[Cause]:
    """Yield causes in the sources, those that lost most first; else in all of them together.

    Args:
        facts: of the run.
    """
    alerts: dict[str, StandingAlert] = {}
    for alert in facts.of_run("source"):
        alerts.setdefault(alert.subject.partition(" ")[2], alert)
    causes = [_broken(name, alerts[name], facts) for name in _by_loss(alerts, facts)]
    for name in _by_loss(facts.candidates.sources, facts):
        if name not in alerts and _has_lost(name, facts):
            causes.append(_lost(name, facts))
    if not causes and SERVING_SOURCES in facts.failed_checks:
        causes.append(Cause("candidates", "sources", "alarm", "sources_changed"))
    if not causes and ceiling_fell(facts):
        causes.append(_all_candidates(facts))
    yield from causes


def ceiling_fell(facts: Facts) -> bool:
    """Say whether all candidates together hold fewer labels than chance explains.

    Args:
        facts: of the run.
    """
    return has_fallen(facts.candidates.ceiling, facts.candidates.labels, CEILING_KEPT)


def _by_loss(names: Iterable[str], facts: Facts) -> list[str]:
    """Return sources, the one that lost the largest share of the labels first."""

    def _loss(name: str) -> tuple[float, str]:
        pair = facts.candidates.sources.get(name)
        return (growth(pair) or 0.0) if pair else 0.0, name

    return sorted(names, key=_loss)


def _has_lost(name: str, facts: Facts) -> bool:
    pair = facts.candidates.sources[name]
    is_counted = (pair.before or 0.0) >= MIN_SHARE
    return is_counted and has_fallen(pair, facts.candidates.labels, SOURCE_KEPT)


def _broken(name: str, alert: StandingAlert, facts: Facts) -> Cause:
    """Return the cause that a run's alert on a source names."""
    own = Evidence(alert.subject, alert.name, alert.value, low=alert.low, high=alert.high)
    recall = _recall(name, facts)
    evidence = recall if alert.name in ABSENT else (own, *recall)
    code, parameters = alert.name, {"source": name, "value": alert.value or 0.0}
    if code not in BROKEN:
        code, parameters = "standing_alert", {"alert": alert.name, "subject": alert.subject}
    return Cause("candidates", alert.subject, "alarm", code, parameters, evidence)


def _lost(name: str, facts: Facts) -> Cause:
    pair = facts.candidates.sources[name]
    parameters = {"source": name, "now": pair.now, "before": pair.before}
    evidence = _recall(name, facts)
    return Cause("candidates", f"source {name}", "look", "source_lost", parameters, evidence)


def _all_candidates(facts: Facts) -> Cause:
    pair, new_items = facts.candidates.ceiling, facts.candidates.new_items
    parameters = {"now": pair.now, "before": pair.before}
    evidence = (
        Evidence.of("candidates", "recall", pair),
        Evidence.of("verdict", "labels that are new items", new_items),
    )
    return Cause("candidates", "candidates", "look", "ceiling_fell", parameters, evidence)


def _recall(name: str, facts: Facts) -> tuple[Evidence, ...]:
    """Return the labels that a source proposed, and all candidates together, as evidence."""
    own = facts.candidates.sources.get(name)
    rows = [Evidence.of(f"source {name}", "recall", own)] if own else []
    return (*rows, Evidence.of("candidates", "recall", facts.candidates.ceiling))
