"""What the pages for the morning read."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from dashboards.pages.overview.facts import OverviewReads
from dashboards.pages.overview.past_facts import HistoryPage
from flows.session import Session
from flows.steps.site.overview_alerts import alert_page, listed_alerts
from flows.steps.site.overview_history import history_page
from flows.steps.site.overview_today import today_facts
from flows.steps.site.overview_watches import listed_watches, watch_facts
from storage.database.errors import NoDatabase

Answer = TypeVar("Answer")


def overview_reads(session: Session) -> OverviewReads:
    """Return the functions that the pages for the morning read with.

    Args:
        session: whose database they read, and whose limits count.
    """

    def _history(placement: str, kind: str, before: datetime | None) -> HistoryPage:
        return history_page(session.engine, placement, kind, before)

    return OverviewReads(
        today=_or(None, lambda placement: today_facts(session, placement)),
        alerts=_or((), lambda placement, state: listed_alerts(session.engine, placement, state)),
        alert=_or(None, lambda placement, number: alert_page(session.engine, placement, number)),
        history=_or(HistoryPage(), _history),
        watches=_or((), lambda placement, below: listed_watches(session.engine, placement, below)),
        watch=_or(None, lambda placement, number: watch_facts(session.engine, placement, number)),
    )


def _or(without: Answer, read: Callable[..., Answer]) -> Callable[..., Answer]:
    """Return a reader that answers `without` where there is no database yet."""

    def _read(*asked: object) -> Answer:
        try:
            return read(*asked)
        except NoDatabase:
            return without

    return _read
