"""What the pages about the dashboards themselves read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """A limit of the configuration.

    Attributes:
        key: its section and name, such as `[gate] max_loss`.
        value: that holds now.
        meaning: of the key, as the configuration page has it.
    """

    key: str
    value: str
    meaning: str


@dataclass(frozen=True)
class AboutFacts:
    """What stands behind the pages.

    Attributes:
        database: its kind.
        revision: of its tables, that this version needs.
        limits: past which a run is refused or an alert is raised.
    """

    database: str
    revision: str
    limits: Sequence[Limit]


@dataclass(frozen=True)
class ReferenceReads:
    """Functions that read what the pages about the dashboards themselves show.

    Attributes:
        about: placement -> what stands behind the pages; the database is not asked.
    """

    about: Callable[[str], AboutFacts]
