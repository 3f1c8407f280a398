"""Alerts: figures past their limits, in words that say what to look at next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboards.measures.drift import ColumnDrift, drifted_shares
from dashboards.measures.stability import Stability
from dashboards.settings import MonitorSettings

OF_RULES = frozenset({"lists", "scores"})
"""Subjects that rules of lists change: no others depend on them."""
NAMED = 3
"""Columns that a message names; the page has the rest."""


@dataclass(frozen=True)
class Alert:
    """One figure past its limit.

    Attributes:
        subject: what was measured.
        name: the figure.
        value: what it is.
        limit: what it may be.
        message: in words, with the next step.
    """

    subject: str
    name: str
    value: float
    limit: float
    message: str


def alerts(
    drift: Sequence[ColumnDrift],
    stability: Stability | None,
    settings: MonitorSettings,
    next_step: str = "",
    has_other_rules: bool = False,
) -> list[Alert]:
    """Return figures past a limit: drift of subjects, churn of lists, items gone from all lists.

    Args:
        drift: of all columns.
        stability: of the lists; None on a placement's first run.
        settings: the limits.
        next_step: a sentence about what can be done about the run's lists, which only its caller
            knows: whether they are shown.
        has_other_rules: whether the lists follow other rules than those they are compared with.

    Returns:
        Alerts of subjects first, then those of the lists.
    """
    raised = _drift(drift, settings)
    if stability is not None:
        raised += _churn(stability, settings, next_step)
        raised += _items(stability, settings, next_step)
    return [_beside_rules(one) for one in raised] if has_other_rules else raised


def _beside_rules(alert: Alert) -> Alert:
    """Name a change of the rules as a reason, where it can be one."""
    if alert.subject not in OF_RULES:
        return alert
    reason = "The rules of lists changed between the two runs, which may be all there is to it."
    return replace(alert, message=f"{reason} {alert.message}")


def _drift(drift: Sequence[ColumnDrift], settings: MonitorSettings) -> list[Alert]:
    """Alert for each subject of which too large a share of columns drifted."""
    raised = []
    for subject, share in drifted_shares(drift):
        if share < settings.drift_share:
            continue
        judged = [one for one in drift if one.subject == subject and not one.moves]
        drifted = [one for one in judged if one.drifted]
        # Columns that move by themselves, as ages do, would drown the others: they do not count.
        worst = sorted(drifted, key=lambda one: -one.excess)[:NAMED]
        names = ", ".join(f"{one.column} ({one.method} {one.value:.2f})" for one in worst)
        message = (
            f"{len(drifted)} of {len(judged)} columns of {subject} have drifted, most of all "
            f"{names}. Look at {subject} in drift.html: did the source of the data change, or the "
            f"users?"
        )
        raised.append(Alert(subject, "drifted_share", share, settings.drift_share, message))
    return raised


def _churn(stability: Stability, settings: MonitorSettings, next_step: str) -> list[Alert]:
    """Alert where lists changed more than the limit allows."""
    value = stability.value("churn")
    chance = stability.value("jaccard_chance")
    if value is None or value <= settings.churn_limit:
        return []
    beside = "" if chance is None else f"; chance alone changes {1 - chance:.0%}"
    message = (
        f"{value:.0%} of a list changed on average against the run that was live{beside}. Look at "
        f"the segments in stability.html. {next_step}"
    )
    return [Alert("lists", "churn", value, settings.churn_limit, message.rstrip())]


def _items(stability: Stability, settings: MonitorSettings, next_step: str) -> list[Alert]:
    """Alert where too many items vanished from all lists together."""
    kept = stability.value("items_kept")
    if kept is None or 1 - kept <= settings.items_limit:
        return []
    message = (
        f"{1 - kept:.0%} of the items that the run before listed are in no list of this one. Are "
        f"items missing from the data, or retired? Look at what is listed in stability.html. "
        f"{next_step}"
    )
    return [Alert("lists", "items_lost", 1 - kept, settings.items_limit, message.rstrip())]
