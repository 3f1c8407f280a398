"""Alerts: figures past their limits, in words that say what to look at next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dashboards.measures.churn_excess import Churn, excess_limit
from dashboards.measures.drift import ColumnDrift, drifted_shares
from dashboards.measures.limits import ListsBefore, churn_limit, lost_limit, share_limit
from dashboards.measures.stability import Stability
from dashboards.settings import MonitorSettings

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


@dataclass(frozen=True)
class Reason:
    """Something else that differs between two runs, and may be all there is to an alert.

    Attributes:
        sentence: for a person.
        explains: subjects of alerts that it may explain; of a source's, "source".
    """

    sentence: str
    explains: frozenset[str]


@dataclass(frozen=True)
class Circumstances:
    """Circumstances that alerts on two runs depend on beside their figures.

    Attributes:
        next_step: a sentence about what can be done about the run's lists, which only its caller
            knows: whether they are shown.
        days: of data between the two runs.
        no_floor: why nothing says what chance alone changes; "" where the twin does.
        has_other_method: whether the verdict chose another method than in the run before.
        before: figures of the lists of the run before against the one before that, by name.
        reasons: what else differs.
    """

    next_step: str = ""
    days: float = 0.0
    no_floor: str = ""
    has_other_method: bool = False
    before: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()

    @property
    def lists_before(self) -> ListsBefore:
        """What limits of lists depend on."""
        return ListsBefore(self.days, self.before, self.has_other_method)


def alerts(
    drift: Sequence[ColumnDrift],
    stability: Stability | None,
    settings: MonitorSettings,
    circumstances: Circumstances | None = None,
) -> list[Alert]:
    """Return figures past a limit: drift of subjects, churn of lists, items gone from all lists.

    Args:
        drift: of all columns.
        stability: of the lists; None on a placement's first run.
        settings: the limits.
        circumstances: of the two runs; None where nothing else is known.

    Returns:
        Alerts of subjects first, then those of the lists.
    """
    raised = _drift(drift, settings)
    circumstances = circumstances or Circumstances()
    if stability is not None:
        raised += _churn(stability, settings, circumstances)
        raised += _items(stability, settings, circumstances)
    return raised


def with_reasons(alert: Alert, reasons: Sequence[Reason]) -> Alert:
    """Put what may explain an alert before its message.

    Args:
        alert: as it was raised.
        reasons: what else differs between the two runs.

    Returns:
        The alert; the same where nothing may explain it.
    """
    kind = alert.subject.partition(" ")[0]
    sentences = [reason.sentence for reason in reasons if kind in reason.explains]
    return replace(alert, message=" ".join([*sentences, alert.message]))


def _drift(drift: Sequence[ColumnDrift], settings: MonitorSettings) -> list[Alert]:
    """Alert for each subject of which too large a share of columns drifted."""
    raised = []
    limit = share_limit(settings)
    for subject, share in drifted_shares(drift):
        if limit.keeps(share):
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
        raised.append(Alert(subject, "drifted_share", share, limit.value, message))
    return raised


def _churn(
    stability: Stability, settings: MonitorSettings, circumstances: Circumstances
) -> list[Alert]:
    """Alert where lists changed more than chance and the time between the runs explain."""
    churn = Churn.of(stability)
    allowed = churn_limit(churn, settings, circumstances.lists_before) if churn else None
    if churn is None or allowed is None or allowed.keeps(churn.value):
        return []
    limit = excess_limit(circumstances.days, Churn.of_figures(circumstances.before))
    gap = f"{circumstances.days:.0f} day{'' if round(circumstances.days) == 1 else 's'}"
    if churn.chance is None:
        name = "churn"
        beside = (
            f"what retraining alone changes is not known ({circumstances.no_floor}), so all of it "
            f"was judged: between runs {gap} apart {limit:.0%} is usual at most"
        )
    else:
        name = "churn_excess"
        beside = (
            f"retraining alone changes {churn.chance:.0%}, and {churn.judged:.0%} beyond that is "
            f"more than the {limit:.0%} that are usual at most between runs {gap} apart"
        )
    message = (
        f"{churn.value:.0%} of a list changed on average against the run that was live; {beside}. "
        f"Look at who that is on the page of the run. {circumstances.next_step}"
    )
    return [Alert("lists", name, churn.judged, limit, message.rstrip())]


def _items(
    stability: Stability, settings: MonitorSettings, circumstances: Circumstances
) -> list[Alert]:
    """Alert where more items than usual vanished from all lists together."""
    kept = stability.value("items_kept")
    limit = lost_limit(settings, circumstances.lists_before)
    if kept is None or limit.keeps(1 - kept):
        return []
    message = (
        f"{1 - kept:.0%} of the items that the run before listed are in no list of this one. Are "
        f"items missing from the data, or retired? Look at the items lost on the page of the run. "
        f"{circumstances.next_step}"
    )
    return [Alert("lists", "items_lost", 1 - kept, limit.value, message.rstrip())]
