"""What the pages read: functions that `flows` hands them, since nothing here knows SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dashboards.pages.overview.facts import OverviewReads
from dashboards.pages.people.reads import PeopleReads
from dashboards.pages.reference.reads import ReferenceReads
from dashboards.pages.runs.reads import RunsReads


@dataclass(frozen=True)
class Reads:
    """Functions that read what pages show; the first argument of each is the placement.

    Attributes:
        placements: names of all placements, sorted.
        data_as_of: up to when the live run knows data; None where nothing is live, or nothing has
            times.
        people: of users and items.
        runs: of trainings.
        overview: of the pages for the morning.
        reference: of the pages about the dashboards themselves.
    """

    placements: Callable[[], list[str]]
    data_as_of: Callable[[str], datetime | None]
    people: PeopleReads
    runs: RunsReads
    overview: OverviewReads
    reference: ReferenceReads
