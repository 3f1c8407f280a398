"""Causes behind the ranker: rules, blocks, and what was loaded to be shown."""

from collections.abc import Iterator, Mapping

from dashboards.diagnosis.cause import Cause, Evidence
from dashboards.diagnosis.facts import EXPOSURE, Facts, Pair, Rules
from dashboards.diagnosis.figures import LARGE, SMALL, growth, ratio, shares
from dashboards.diagnosis.kinds import Severity
from dashboards.diagnosis.of_candidates import SERVING_SOURCES
from dashboards.diagnosis.of_data import FEWER, HALVED, MORE
from dashboards.diagnosis.of_ranker import FEATURES, SERVING_RANKER
from dashboards.diagnosis.sentences import named

BLOCKED = "blocked"
"""Name under which a run counts the rows that blocks took."""
GAVE_WAY = " gave way"
"""Ending of the counts of rows that a limit did not hold back."""
EFFECTS = ("beats random", "keeps up with live", "not too much churn")
"""Checks that say that something is wrong, and nothing of where."""
ELSEWHERE = (SERVING_SOURCES, SERVING_RANKER, FEATURES)
"""Checks whose causes stand elsewhere."""


def rules_causes(facts: Facts) -> Iterator[Cause]:
    """Yield causes in rules and blocks.

    Args:
        facts: of the run.
    """
    rules = facts.rules
    blocks = shares(rules.moved.get(BLOCKED, Pair(0.0, 0.0)), rules.rows)
    others = {
        name: shares(pair, rules.rows)
        for name, pair in sorted(rules.moved.items())
        if name != BLOCKED and not name.endswith(GAVE_WAY)
    }
    # Rules that a run does not have moved nothing in it.
    grown = {name: growth(pair) or 0.0 for name, pair in others.items()}
    severity = _severity(max(grown.values(), default=0.0))
    if severity is not None:
        yield _rules_moved(severity, others, grown, rules)
    elif rules.has_changed and facts.has_moved:
        evidence = _rule_evidence(others, rules)
        yield Cause("rules", "rules", "look", "rules_changed", {}, evidence)
    yield from _exposure(facts)
    severity = _severity(growth(blocks) or 0.0)
    if severity is not None:
        parameters = {"now": blocks.now, "before": blocks.before}
        evidence = (
            Evidence.of("lists", "share of rows blocked", blocks),
            Evidence.of("rules", "items left open", rules.open_items),
        )
        yield Cause("rules", "blocks", severity, "blocks_moved", parameters, evidence)
    severity = _severity(rules.hidden or 0.0)
    if severity is not None:
        evidence = (Evidence("lists", "share of shown rows hidden", rules.hidden),)
        parameters = {"share": rules.hidden}
        yield Cause("rules", "blocks", severity, "blocks_hide", parameters, evidence)


def _exposure(facts: Facts) -> Iterator[Cause]:
    """Yield item groups whose exposure is beyond a limit, whatever moved."""
    for alert in facts.of_run(EXPOSURE):
        own = Evidence(alert.subject, alert.name, alert.value, low=alert.low, high=alert.high)
        parameters = {"subject": alert.subject}
        yield Cause("rules", alert.subject, "look", "exposure_beyond", parameters, (own,))


def publish_causes(facts: Facts) -> Iterator[Cause]:
    """Yield causes in what was loaded to be shown.

    Args:
        facts: of the run.
    """
    for name in sorted(set(facts.failed_checks)):
        if name not in (*EFFECTS, *ELSEWHERE):
            yield Cause("publish", "lists", "alarm", "check_failed", {"check": name})
    published = facts.published
    # Lists of other users, or of another length, are no loss of rows.
    if published.has_same_shape:
        yield from _rows(published.rows)
    for name, part, code in (
        ("served by the fallback", published.without_list, "fallback_rose"),
        ("short lists", published.short, "short_lists"),
    ):
        pair = shares(part, published.users)
        severity = _severity(growth(pair) or 0.0)
        if severity is not None:
            parameters = {"now": pair.now, "before": pair.before}
            evidence = (
                Evidence.of("lists", f"share of users {name}", pair),
                Evidence.of("lists", "users", published.users),
            )
            yield Cause("publish", "lists", severity, code, parameters, evidence)


def configuration_causes(facts: Facts) -> Iterator[Cause]:
    """Yield parts of the configuration that changed, where something moved.

    Args:
        facts: of the run.
    """
    if not facts.has_moved:
        return
    for section, kind in sorted(facts.sections.items()):
        parameters = {"section": section}
        yield Cause(kind, f"[{section}]", "look", "configuration_changed", parameters)


def _severity(grown: float) -> Severity | None:
    """Return how severe it is that a share of rows or users grew; None where it is small."""
    if grown >= LARGE:
        return "alarm"
    return "look" if grown >= SMALL else None


def _rules_moved(
    severity: Severity, others: Mapping[str, Pair], grown: Mapping[str, float], rules: Rules
) -> Cause:
    """Return that rules moved more rows than in the run before, those that moved most named."""
    names = sorted(grown, key=lambda name: (-grown[name], name))
    most = others[names[0]]
    parameters = {
        "now": most.now,
        "before": most.before,
        "rules": named([name for name in names if grown[name] >= SMALL]),
    }
    evidence = _rule_evidence(others, rules)
    return Cause("rules", "rules", severity, "rules_moved", parameters, evidence)


def _rule_evidence(others: Mapping[str, Pair], rules: Rules) -> tuple[Evidence, ...]:
    rows = [Evidence.of("rules", f"rows moved by {name}", pair) for name, pair in others.items()]
    return (*rows, Evidence.of("rules", "items left open", rules.open_items))


def _rows(rows: Pair) -> Iterator[Cause]:
    times = ratio(rows)
    if times is None or FEWER < times < MORE:
        return
    code = "rows_fell" if times <= FEWER else "rows_rose"
    severity: Severity = "alarm" if times <= HALVED else "look"
    parameters = {"now": rows.now, "before": rows.before}
    evidence = (Evidence.of("lists", "rows", rows),)
    yield Cause("publish", "lists", severity, code, parameters, evidence)
