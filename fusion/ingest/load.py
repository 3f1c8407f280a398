"""Loading of data as configured: tables are read, checked, cleaned and put together."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from fusion.core.findings import Finding
from fusion.data.dataset import Dataset
from fusion.errors import DataError
from fusion.ingest.checks.registry import LiveIds
from fusion.ingest.formats.files import ReadSql
from fusion.ingest.own_checks.quarantine import Quarantine
from fusion.ingest.people.filter import IsForgotten, PeopleFilter
from fusion.ingest.reader import DataReader
from fusion.ingest.reading_findings import AS_OF_FOR_ITEMS_ONLY
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import moment_ms

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inspection:
    """Outcome of one look at the data.

    Attributes:
        dataset: None where the data cannot be read.
        findings: everything wrong or odd, in the order of reading.
        notes: rows of the interactions by what became of them: `read`, the reasons for which rows
            were left out, `used`.
        key_mark: tells the key of users' pseudonyms from another; None where ids are plain.
        quarantines: rows that the user's own checks put aside, by the name of the table.
    """

    dataset: Dataset | None
    findings: list[Finding]
    notes: dict[str, int]
    key_mark: str | None = None
    quarantines: dict[str, Quarantine] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """A dataset that may be trained on.

    Attributes:
        dataset: the data.
        findings: warnings only.
        notes: as in `Inspection`.
        key_mark: as in `Inspection`.
        quarantined: rows that the user's own checks put aside, as `Quarantine.read` gives them, by
            the name of the table.
    """

    dataset: Dataset
    findings: list[Finding]
    notes: dict[str, int]
    key_mark: str | None = None
    quarantined: dict[str, pl.DataFrame] = field(default_factory=dict)


def inspect_data(
    settings: DataSettings,
    base: Path,
    as_of: datetime | None = None,
    read_sql: ReadSql | None = None,
    live: LiveIds | None = None,
    left_out: IsForgotten | None = None,
) -> Inspection:
    """Read and check the data without raising for any finding, so that one look names them all.

    Args:
        settings: the `[data]` section.
        base: folder at which relative paths start, that of the configuration file.
        as_of: moment from which on events are left out; None keeps all.
        read_sql: runs the queries of the configuration; None where there are none.
        live: outside ids that the live run knew by interactions; None without a live run.
        left_out: flags users who asked to be forgotten; None where nobody did.

    Returns:
        The dataset, where it can be read, with findings and notes.

    Raises:
        Temporary: a database is busy or away.
    """
    moment = None if as_of is None else moment_ms(as_of, settings.timezone)
    people = PeopleFilter(left_out)
    reader = DataReader(settings, base, moment, read_sql, people)
    dataset = reader.read(live)
    key_mark = people.pseudonyms.mark if people.pseudonyms else None
    return Inspection(dataset, reader.findings, reader.notes, key_mark, reader.quarantines)


def load(
    settings: DataSettings,
    base: Path,
    as_of: datetime | None = None,
    read_sql: ReadSql | None = None,
    live: LiveIds | None = None,
    left_out: IsForgotten | None = None,
) -> Loaded:
    """Load data to train on.

    Only events before `as_of` are used, and later ones leave no trace in ids or tables. Without it
    everything is used, and the dataset's `as_of` is 1 ms after the last event.

    Args:
        settings: the `[data]` section.
        base: folder at which relative paths start, that of the configuration file.
        as_of: moment from which on events are left out; None keeps all.
        read_sql: runs the queries of the configuration; None where there are none.
        live: outside ids that the live run knew by interactions; None without a live run.
        left_out: flags users who asked to be forgotten; None where nobody did.

    Returns:
        The dataset with warnings and notes.

    Raises:
        DataError: there are findings of severity error; the message lists all of them.
        Temporary: a database is busy or away.
    """
    started = time.perf_counter()
    inspection = inspect_data(settings, base, as_of, read_sql, live, left_out)
    dataset = inspection.dataset
    errors = [finding.text() for finding in inspection.findings if finding.severity == "error"]
    # The run answers another question than its option seems to ask: who started it is told.
    for finding in inspection.findings:
        if finding.code == AS_OF_FOR_ITEMS_ONLY.code:
            log.warning("%s", finding.text())
    # Without a dataset there is an error, so the message is never empty.
    if errors or dataset is None:
        raise DataError("\n".join(errors))
    seconds = time.perf_counter() - started
    log.info("load done %s seconds=%.1f", _counts_text(inspection.notes), seconds)
    quarantined = {table: rows.read() for table, rows in inspection.quarantines.items()}
    return Loaded(dataset, inspection.findings, inspection.notes, inspection.key_mark, quarantined)


def _counts_text(notes: Mapping[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in notes.items() if count)
