"""Causes in the ranker: candidates are as before, and their order is worse."""

from collections.abc import Iterator

from dashboards.diagnosis.cause import Cause, Evidence
from dashboards.diagnosis.facts import Facts, Pair
from dashboards.diagnosis.figures import growth
from dashboards.diagnosis.kinds import Kind
from dashboards.diagnosis.of_candidates import ceiling_fell
from dashboards.diagnosis.of_data import column_evidence, worst_columns
from dashboards.diagnosis.sentences import named

RANKER: Kind = "ranker"
"""Also the name of its row in the verdict, and the subject of its alerts."""
FELL = "ranker_fell"
"""Code of a run's alert on the ranker."""
SERVING_RANKER = "serving ranker is not broken"
FEATURES = "features keep their meaning"
"""Checks of admission on the ranker."""
NAMED = 5
"""Features whose importance moved most are evidence."""
MOVED = 0.05
"""Share of the ranker's gain by which the importance of a feature must have moved to be told."""


def ranker_causes(facts: Facts) -> Iterator[Cause]:
    """Yield causes in the ranker, and in the method that was chosen.

    Args:
        facts: of the run.
    """
    yield from _broken(facts)
    yield from _drifted(facts)
    verdict = facts.verdict
    fell = any(alert.name == FELL for alert in facts.of_run(RANKER))
    if not fell and not ceiling_fell(facts) and _has_lost_ground(facts):
        assert verdict.difference is not None  # it lost ground by it
        assert verdict.difference_before is not None
        parameters = {
            "rival": verdict.rival,
            "now": verdict.difference.value,
            "before": verdict.difference_before.value,
        }
        yield Cause(RANKER, RANKER, "look", "lost_ground", parameters, _evidence(facts))
    has_two = bool(verdict.method and verdict.method_before)
    if facts.has_moved and has_two and verdict.method != verdict.method_before:
        parameters = {"method": verdict.method, "before": verdict.method_before}
        evidence = tuple(_rows(facts))
        yield Cause(RANKER, "method", "look", "method_changed", parameters, evidence)


def level_cause(facts: Facts) -> Cause | None:
    """Return the data as the cause where the verdict fell and nothing else explains it.

    Args:
        facts: of the run.
    """
    verdict = facts.verdict
    if not verdict.has_fallen:
        return None
    now, before = verdict.rows[verdict.method], verdict.rows_before[verdict.method_before]
    parameters = {"method": verdict.method, "now": now.value, "before": before.value}
    return Cause("data", "interactions", "look", "level_fell", parameters, _evidence(facts))


def _broken(facts: Facts) -> Iterator[Cause]:
    for alert in facts.of_run(RANKER):
        own = Evidence(RANKER, alert.name, alert.value, low=alert.low, high=alert.high)
        evidence = (own, *_evidence(facts))
        rival = facts.verdict.rival or "another row"
        if alert.name == FELL:
            yield Cause(RANKER, RANKER, "alarm", FELL, {"rival": rival}, evidence)
        else:
            parameters = {"alert": alert.name, "subject": RANKER}
            yield Cause(RANKER, RANKER, "alarm", "standing_alert", parameters, evidence)
    if SERVING_RANKER in facts.failed_checks:
        evidence = _evidence(facts)
        yield Cause(RANKER, "serving ranker", "alarm", "serving_ranker_broken", {}, evidence)
    if FEATURES in facts.failed_checks:
        worst = sorted(facts.feature_psi, key=lambda name: (-facts.feature_psi[name], name))[:NAMED]
        rows = [Evidence("features", f"psi of {name}", facts.feature_psi[name]) for name in worst]
        parameters = {"columns": named(worst)}
        yield Cause(RANKER, "features", "alarm", "features_moved", parameters, tuple(rows))


def _drifted(facts: Facts) -> Iterator[Cause]:
    for alert in facts.of_run("features"):
        worst = worst_columns(facts, "features")
        names = named([one.column for one in worst])
        parameters = {"share": alert.value or 0.0, "columns": names}
        own = Evidence("features", alert.name, alert.value, high=alert.high)
        evidence = (own, *column_evidence(worst), *_importance(facts))
        yield Cause(RANKER, "features", "look", "features_drifted", parameters, evidence)


def _has_lost_ground(facts: Facts) -> bool:
    """Say whether the ranker's lead over its rival is surely less than in the run before."""
    now, before = facts.verdict.difference, facts.verdict.difference_before
    return now is not None and before is not None and now.high < before.low


def _evidence(facts: Facts) -> tuple[Evidence, ...]:
    """Return that candidates held, how rows stand, which features shifted and which matter now."""
    held = Evidence.of("candidates", "recall", facts.candidates.ceiling)
    shifted = column_evidence(worst_columns(facts, "features"))
    return (held, *_rows(facts), *shifted, *_importance(facts))


def _rows(facts: Facts) -> Iterator[Evidence]:
    """Yield NDCG@10 of the ranker, its rival and what makes the lists."""
    verdict = facts.verdict
    names = (RANKER, verdict.rival, verdict.method, verdict.method_before)
    for name in dict.fromkeys(names):
        now, before = verdict.rows.get(name), verdict.rows_before.get(name)
        if now is not None:
            earlier = before.value if before else None
            yield Evidence(name, "ndcg@10", now.value, earlier, now.low, now.high)


def _importance(facts: Facts) -> list[Evidence]:
    """Return the features whose importance moved most."""
    moved: list[tuple[float, str, Pair]] = []
    for name, pair in facts.importance.items():
        step = abs(growth(pair) or 0.0)
        if step >= MOVED:
            moved.append((-step, name, pair))
    return [Evidence.of("importance", name, pair) for _, name, pair in sorted(moved)[:NAMED]]
