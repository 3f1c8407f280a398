"""The history of a placement as its page shows it."""

from datetime import datetime

from sqlalchemy import Engine

from dashboards.pages.overview.past_facts import HistoryLine, HistoryPage
from storage.reading.over_time.timeline import READERS, timeline

LINES = 60
"""Of a page."""


def history_page(engine: Engine, placement: str, kind: str, before: datetime | None) -> HistoryPage:
    """Return a page of the history.

    Args:
        engine: of the session.
        placement: where lists are shown.
        kind: of what happened; "" for all.
        before: aware time; None for the newest page.
    """
    kinds = [kind] if kind in READERS else list(READERS)
    happened, older = timeline(engine, placement, kinds, before, LINES)
    lines = [
        HistoryLine(
            at=one.at,
            kind=one.kind,
            what=one.what,
            by=one.by or "",
            why=one.why or "",
            run_id=one.run_id,
            other=one.other,
            number=one.number,
            item=one.item,
        )
        for one in happened
    ]
    return HistoryPage(lines, older)
