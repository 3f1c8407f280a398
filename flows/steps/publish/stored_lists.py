"""The evidence of checks at publishing: a run's lists as they lie in SQL, and what is live."""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from flows.session import Session
from fusion.config import GateSettings
from fusion.runs.manifest import Manifest
from storage.reading.list_checks import ListCounts, count_lists
from storage.schema.row_objects import RunRow

DEPTH = 10
"""Ranks that coverage and churn look at: what a page shows, as in the metrics."""
WIDEN = "if that is meant, set another limit in [gate] and publish the run again"
"""The cure of a limit that is passed on purpose; the run was not at fault, and stays ready."""


@dataclass(frozen=True)
class StoredLists:
    """A run before it is shown, in the present state of the database.

    Attributes:
        session: the database, the folder of runs and the limits of [gate].
        run: the run to show.
        live: the run that it would replace; None where nothing is live.
        allow_older: whether it may know less of the data than what is live.
    """

    session: Session
    run: RunRow
    live: RunRow | None
    allow_older: bool = False

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.session.engine

    @property
    def gate(self) -> GateSettings:
        """The limits, as they are configured now and not when the run was trained."""
        return self.session.config.gate

    @cached_property
    def manifest(self) -> Manifest:
        """The run's manifest; empty for one without."""
        return Manifest.of(self.run.manifest)

    @property
    def n_items(self) -> int | None:
        """Items that the lists can hold: all, or those that rules leave to anyone; None unknown."""
        rules = self.manifest.rules
        open_items = rules.open_items if rules else None
        return self.manifest.data.items if open_items is None else open_items

    @cached_property
    def counts(self) -> ListCounts:
        """Counts over all lists, of one statement that several checks share."""
        return count_lists(self.engine, self.run)
