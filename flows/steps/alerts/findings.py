"""Findings of the data that concern more than a share of it: on the screen, and alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.alerts import Alert
from fusion.core.findings import FINDING_KINDS
from fusion.runs.manifest import Manifest

GROWTH = 1.5
"""How many times the share of the run before a finding must concern to be news: what the data has
always had is said on the screen, and alarms nobody each night."""


@dataclass(frozen=True)
class NotableFinding:
    """A finding that concerns more than its limit allows.

    Attributes:
        code: of its kind.
        subject: the file or table concerned.
        share: of the rows, ids or cells there.
        limit: that it passed.
        message: a sentence.
        cure: how to mend the data.
    """

    code: str
    subject: str
    share: float
    limit: float
    message: str
    cure: str


def notable_findings(
    findings: Sequence[Mapping[str, Any]], limit: float
) -> tuple[NotableFinding, ...]:
    """Select the findings that concern a large share of the data.

    Args:
        findings: as the manifest holds them.
        limit: `monitor.findings_limit`; of kinds that refuse a run above a limit of their own, half
            of that where it is lower.

    Returns:
        Those above it, in their order; a finding that is no share of anything is none.
    """
    notable = []
    for finding in findings:
        total = finding.get("total") or 0
        own = _own_limit(finding["code"])
        allowed = limit if own is None else min(limit, own / 2)
        share = finding["count"] / total if total else 0.0
        if share > allowed:
            notable.append(
                NotableFinding(
                    code=finding["code"],
                    subject=finding["subject"],
                    share=share,
                    limit=allowed,
                    message=finding["message"],
                    cure=finding.get("cure", ""),
                )
            )
    return tuple(notable)


def finding_alerts(current: Manifest, previous: Manifest | None, limit: float) -> list[Alert]:
    """Alert on findings of the data that concern a large share of it, and did not before.

    Args:
        current: manifest of the run.
        previous: that of the run before; None for a first run, which has nothing to grow from.
        limit: `monitor.findings_limit`.

    Returns:
        An alert for each.
    """
    if previous is None:
        return []
    before = {(finding["code"], finding["subject"]): finding for finding in previous.data.findings}
    raised = []
    for finding in notable_findings(current.data.findings, limit):
        earlier = before.get((finding.code, finding.subject))
        share = _share(earlier)
        # A run of an older version stored no share: nothing can be said to have grown.
        if share is None or finding.share <= GROWTH * share:
            continue
        message = (
            f"{finding.message}: {finding.share:.1%}, and {share:.1%} in the run before. "
            f"{finding.cure}"
        )
        raised.append(
            Alert(finding.subject, finding.code, finding.share, finding.limit, message.rstrip())
        )
    return raised


def _share(earlier: Mapping[str, Any] | None) -> float | None:
    """Return the share of a finding of the run before: 0 where there was none."""
    if earlier is None:
        return 0.0
    total = earlier.get("total")
    return earlier["count"] / total if total else None


def _own_limit(code: str) -> float | None:
    kind = FINDING_KINDS.get(code)
    return kind.limit if kind else None
