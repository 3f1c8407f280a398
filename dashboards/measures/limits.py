"""Limits of the figures that are judged: one place for alerts, for reports and for their pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.measures.churn_excess import MARGIN, Churn, excess_limit
from dashboards.measures.drift import ColumnDrift, drifted_shares
from dashboards.measures.stability import Stability
from dashboards.settings import MonitorSettings


@dataclass(frozen=True)
class Limit:
    """What a figure may be.

    Attributes:
        value: the limit, of the figure's unit.
        includes: whether a figure that equals the limit still keeps it.
    """

    value: float
    includes: bool = True

    def keeps(self, figure: float) -> bool:
        """Tell whether a figure keeps the limit.

        Args:
            figure: of the limit's unit.
        """
        return figure <= self.value if self.includes else figure < self.value


@dataclass(frozen=True)
class ListsBefore:
    """What limits of lists depend on beside the settings.

    Attributes:
        days: of data between the two runs.
        figures: of the lists of the run before against the one before that, by name.
        has_other_method: whether the verdict chose another method than in the run before.
    """

    days: float
    figures: Mapping[str, float]
    has_other_method: bool


def column_limit(column: ColumnDrift) -> Limit | None:
    """Return the limit of a column's distance: its measure's, or chance where that gives more.

    Args:
        column: as `drift` returns it.

    Returns:
        None for a column that moves by itself: it is never judged.
    """
    return None if column.moves else Limit(max(column.limit, column.noise))


def share_limit(settings: MonitorSettings) -> Limit:
    """Return the limit of the share of a subject's columns that drifted.

    Args:
        settings: of the monitoring.
    """
    return Limit(settings.drift_share, includes=False)


def churn_limit(churn: Churn, settings: MonitorSettings, before: ListsBefore) -> Limit | None:
    """Return the limit of churn: chance and what is usual on top, and at least the floor of effect.

    Args:
        churn: of the two runs.
        settings: of the monitoring: `churn_limit` is the floor, what changes less is no alert.
        before: what else it depends on.

    Returns:
        None where another method lists other items, which the verdict chose for certain.
    """
    if before.has_other_method:
        return None
    usual = excess_limit(before.days, Churn.of_figures(before.figures))
    return Limit(max(settings.churn_limit, (churn.chance or 0.0) + usual))


def lost_limit(settings: MonitorSettings, before: ListsBefore) -> Limit:
    """Return the limit of the share of listed items that vanish from all lists.

    Catalogues of news are short of life: what the run before lost is usual.

    Args:
        settings: of the monitoring.
        before: what else it depends on.
    """
    kept = before.figures.get("items_kept")
    usual = 0.0 if kept is None else 1 - kept + MARGIN
    return Limit(max(settings.items_limit, usual))


def figure_limits(
    drift: Sequence[ColumnDrift],
    stability: Stability | None,
    settings: MonitorSettings,
    before: ListsBefore,
) -> dict[str, Limit]:
    """Return the limits of a report's figures.

    Args:
        drift: of all columns.
        stability: of the lists; None on a first run.
        settings: of the monitoring.
        before: what limits of lists depend on besides.

    Returns:
        By the name of the figure, as `dashboards.evidently.figures` names them; what has no limit
        is left out.
    """
    limits = {f"drifted_{subject}": share_limit(settings) for subject, _ in drifted_shares(drift)}
    if stability is None:
        return limits
    churn = Churn.of(stability)
    of_churn = churn_limit(churn, settings, before) if churn else None
    if of_churn:
        limits["churn"] = of_churn
    if stability.value("items_kept") is not None:
        limits["items_lost"] = lost_limit(settings, before)
    return limits
