"""What the pages about runs read."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.pages.runs.facts import RunDocument, RunFacts
from dashboards.pages.runs.pair import RunPair
from dashboards.pages.runs.table import RunQuery, RunTable


@dataclass(frozen=True)
class RunsReads:
    """Functions that read; the first argument of each is the placement.

    Attributes:
        table: runs that a filter lets through, a page of them.
        run: everything that is known of a run, by its id or a slot; None where there is none.
        document: the same for machines.
        pair: two runs, the old one first; None where one of them is not there.
    """

    table: Callable[[str, RunQuery], RunTable]
    run: Callable[[str, str], RunFacts | None]
    document: Callable[[str, str], RunDocument | None]
    pair: Callable[[str, str, str], RunPair | None]
