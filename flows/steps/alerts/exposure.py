"""Alerts on exposure: item groups far from the interest in them, and limits that are not kept."""

from typing import Any

from dashboards.alerts import Alert
from fusion.evaluation.exposure.report import ExposureReport, GroupExposure
from fusion.runs.manifest import Manifest

SUBJECT = "exposure"
"""First word of the subject of each alert; the group or the rule follows."""


def exposure_alerts(current: Manifest, ratio: float | None) -> list[Alert]:
    """Alert on groups beyond `monitor.exposure_ratio`, and on limits of exposure that do not hold.

    Args:
        current: manifest of the run.
        ratio: times its share of events that a group's exposure may surely be, or one over that;
            None is no limit.

    Returns:
        An alert for each group and each limit.
    """
    raised = []
    groups = ExposureReport.model_validate(current.exposure).groups if ratio else {}
    for name, group in groups.items():
        if ratio and group.leaves(ratio):
            raised.append(_far(name, group, ratio))
    for limit in current.rules.exposure if current.rules else []:
        if not limit["kept"]:
            raised.append(_not_kept(limit))
    return raised


def _far(name: str, group: GroupExposure, ratio: float) -> Alert:
    value = group.ratio or 0.0
    limit = ratio if value > 1 else 1 / ratio
    message = (
        f"{name} has {group.exposure:.1%} of exposure and {group.interest:.1%} of events: "
        f"{value:.2f} times its share of interest, where {1 / ratio:.2f} to {ratio:.2f} times is "
        "allowed. Is that meant? [[limit_exposure]] in the rules file keeps a share."
    )
    return Alert(f"{SUBJECT} {name}", "exposure_ratio", value, limit, message)


def _not_kept(limit: dict[str, Any]) -> Alert:
    is_low = limit["share"] < limit["least"]
    asked = limit["least"] if is_low else limit["most"]
    # A limit of the rules file, or that of [lists] new_items, whose keys are others.
    counted, _, group = limit["rule"].partition(" of ")
    keys = ("least", "most") if counted == "exposure" else ("min", "max")
    begin = f"The {limit['rule']} is not kept: its share is {limit['share']:.1%}, and {asked:.1%} "
    if is_low:
        rest = (
            f"at least is asked for. Candidates and other rules allow no better: change "
            f"`{keys[0]}`, or let sources propose more of these items."
        )
    else:
        rest = (
            f"at most is asked for. Candidates and other rules allow no better: change "
            f"`{keys[1]}`, or let sources propose other items."
        )
    return Alert(f"{SUBJECT} {group}", "exposure_limit", limit["share"], asked, begin + rest)
