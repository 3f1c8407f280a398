"""The reader of one data set: it goes on after a failure, so that one look finds every trouble."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import polars as pl
from polars.exceptions import PolarsError

from fusion.core.findings import Finding, Unusable
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError
from fusion.ingest.assemble import Numbered, in_time_order
from fusion.ingest.cell_parsing import id_text
from fusion.ingest.checks.registry import DATA_CHECKS, Facts, LiveIds
from fusion.ingest.checks.row_checks import check_rows
from fusion.ingest.formats.files import ReadSql, Table, open_table
from fusion.ingest.interactions import read_interactions, weigh
from fusion.ingest.own_checks.check_settings import TableName
from fusion.ingest.own_checks.own_checks import OwnChecks
from fusion.ingest.own_checks.person_column import PersonColumn
from fusion.ingest.own_checks.quarantine import Quarantine
from fusion.ingest.people.filter import NO_KEY, PeopleFilter
from fusion.ingest.people.opt_out import opted_out_by_file, opted_out_by_table
from fusion.ingest.people.pseudonyms import Pseudonyms
from fusion.ingest.people.suspects import Suspects
from fusion.ingest.reading_checks import unused_events, uses_of_time
from fusion.ingest.reading_findings import BAD_POSITIVE, NO_INTERACTIONS, WRONG_TYPE
from fusion.ingest.settings import DataSettings
from fusion.ingest.side_information.reading import SideInformation
from fusion.ingest.table_settings import Source
from fusion.ingest.tables import read_items, read_users

T = TypeVar("T")
ReadTable = Callable[[DataSettings, Table], tuple[pl.DataFrame, list[Finding]]]


@dataclass
class DataReader:
    """One reading of the configured tables, which collects findings and counts on the way.

    Attributes:
        settings: the `[data]` section.
        base: folder at which relative paths start.
        as_of: epoch ms from which on events are left out; None keeps all.
        read_sql: runs the queries of the configuration; None where none can be run.
        people: filters the rows of users.
        findings: collected so far, in the order of reading.
        notes: rows of the interactions by what became of them.
        quarantines: rows that the user's own checks put aside, by the name of the table.
    """

    settings: DataSettings
    base: Path
    as_of: int | None
    read_sql: ReadSql | None
    people: PeopleFilter = field(default_factory=PeopleFilter)
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    quarantines: dict[str, Quarantine] = field(default_factory=dict)

    def read(self, live: LiveIds | None) -> Dataset | None:
        """Read, check and assemble everything.

        Args:
            live: outside ids that the live run knew by interactions; None without one.

        Returns:
            The dataset; None where the interactions cannot be read.
        """
        if not self._prepare_people():
            return None  # nobody's rows are read under plain ids
        # Tables come first: their troubles are named even where the interactions cannot be read.
        items = self._table("items", read_items)
        users = self._table("users", read_users)
        if users is not None:
            users = self._filter("users", users, "id")
        side = SideInformation.read(self.settings, self.base, self.read_sql, self._attempt)
        self.findings += side.findings
        side = side.of_people(self._filter, self.as_of)
        frame = self._attempt("interactions", self._interactions)
        self._add(self.people.unknown_opted_out())
        if frame is None:
            return None
        if "time" not in frame.columns:
            self.findings += uses_of_time(items, self.as_of)
        everybody = side.name_users(users)
        dataset, findings = side.attach(self._assembled(frame, items, everybody))
        self.findings += findings
        if live is not None:
            live = replace(live, users=self.people.stored(live.users))
        facts = Facts(self.settings, dataset, items, users, live, self.people.written())
        # The checks stand in a register, so that a new one needs no line here.
        for check in DATA_CHECKS:
            self._add(check(facts))
        self.notes["used"] = len(dataset)
        return dataset

    def _add(self, finding: Finding | None) -> None:
        if finding is not None:
            self.findings.append(finding)

    def _attempt(self, subject: str, read: Callable[[], T]) -> T | None:
        """Read, or note the reason why that failed and go on."""
        try:
            return read()
        except Unusable as stop:
            self.findings.append(stop.finding)
        except PolarsError as error:
            reason = str(error).splitlines()[0]
            message = f"a column of the {subject} has a type that cannot be used: {reason}"
            self.findings.append(WRONG_TYPE.finding(subject, 1, message))
        except ConfigError as error:  # of `positive`, the only expression of the configuration
            message = str(error).rstrip(".")
            self.findings.append(BAD_POSITIVE.finding("interactions", 1, message))
        return None

    def _table(self, subject: TableName, read: ReadTable) -> pl.DataFrame | None:
        """The items or users, where the configuration names them and they can be read."""
        source = getattr(self.settings, subject)
        if source is None:
            return None

        def open_and_read() -> tuple[pl.DataFrame, list[Finding]]:
            table = self._open(subject, source)
            own = OwnChecks(self.settings, table, self.findings)
            if subject == "users":
                # Before rows are put aside: who opted out has done so on a bad row, too.
                self.people.opted_out.update(opted_out_by_table(self.settings, table))
            if own:
                table = self._without_quarantined(table, own)
            cleaned = read(self.settings, table)
            self.findings += table.swallowed_rows()
            return cleaned

        result = self._attempt(subject, open_and_read)
        if result is None:
            return None
        frame, findings = result
        self.findings += findings
        return frame

    def _open(self, subject: TableName, source: Source) -> Table:
        has_names = not self.settings.is_by_position(subject)
        return open_table(subject, source, self.base, self.read_sql, has_names)

    def _prepare_people(self) -> bool:
        """Get the key of pseudonyms and the file of who opted out; False without that key."""

        def read_file() -> None:
            self.people.opted_out.update(opted_out_by_file(self.settings, self.base))

        self._attempt("opt_out", read_file)
        if not self.settings.pseudonyms:
            return True
        try:
            self.people.pseudonyms = Pseudonyms.from_environment()
        except ConfigError as missing:
            self._add(NO_KEY.finding("pseudonyms", 1, str(missing)))
        return self.people.pseudonyms is not None

    def _filter(self, subject: str, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """Leave out people, and note how many rows went."""
        filtered = self.people.apply(subject, frame, column)
        self.findings += filtered.findings
        self.notes |= filtered.notes
        return filtered.frame

    def _interactions(self) -> pl.DataFrame:
        """Cleaned rows in time order, still with outside ids."""
        table = self._open("interactions", self.settings.interactions)
        own = OwnChecks(self.settings, table, self.findings)
        frame = read_interactions(self.settings, table)
        self.findings += table.swallowed_rows()
        self.notes["read"] = len(frame)
        frame = self._filter("interactions", frame, "user")
        frame = self._checked(frame)  # by itself: the columns of the checks alone are gone now
        frame = weigh(frame, self.settings)
        n_usable = len(frame)
        frame = in_time_order(frame, self.as_of)
        self.notes["as_of_or_later"] = n_usable - len(frame)
        if own:
            # Last, so that a row is left out for one reason, and later rows have no say.
            person = self.settings.person_column("interactions")
            bad = self._carry_out(own, table, frame["row"], person)
            self.notes["quarantined"] = len(bad)
            frame = frame.filter(~pl.col("row").is_in(bad.implode())) if len(bad) else frame
        if frame.is_empty():
            message = f"of {self.notes['read']} interactions none can be used"
            raise NO_INTERACTIONS.stop("interactions", message)
        return frame

    def _without_quarantined(self, table: Table, own: OwnChecks) -> Table:
        """Leave out rows of items or users that the user's own checks put aside."""
        person = self.settings.person_column(table.subject)
        rows = table.pick({"id": person} if person else {}).filter(~pl.col("blank"))
        if person is not None:
            rows = rows.filter(~self.people.leaves_out(id_text(rows["id"])))
        return table.without(self._carry_out(own, table, rows["row"], person))

    def _carry_out(
        self, own: OwnChecks, table: Table, rows: pl.Series, column: str | None
    ) -> pl.Series:
        """Carry checks out on rows; returns the numbers of those to leave out."""
        person = None if column is None else PersonColumn(column, self.people.pseudonyms)
        checked = own.carry_out(rows, person)
        self.findings += checked.findings
        if checked.quarantine is None:
            return rows.head(0)
        self.quarantines[table.subject] = checked.quarantine
        return checked.quarantine.rows

    def _checked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Leave out bad rows, and the columns that only the checks need: text takes much memory."""
        checked = check_rows(frame, self.settings, now=round(time.time() * 1000))
        self.findings += checked.findings
        self.notes |= checked.left_out
        self.findings += unused_events(self.settings, frame)
        return checked.frame.drop("blank", "time_text", "weight_text", strict=False)

    def _assembled(
        self, frame: pl.DataFrame, items: pl.DataFrame | None, users: pl.DataFrame | None
    ) -> Dataset:
        """Replace outside ids by row numbers, leave out duplicates and make the dataset."""
        numbered = Numbered.of(frame, {"items": items, "users": users})
        numbered, self.notes["duplicate_rows"], findings = numbered.without_duplicates()
        self.findings += findings
        dataset = numbered.dataset(self.settings, self.as_of)
        suspects = Suspects.find(self.settings, dataset)
        self.findings += suspects.findings
        self.notes |= suspects.notes
        if suspects.are_dropped:
            return numbered.without_users(suspects.users).dataset(self.settings, self.as_of)
        return suspects.thinned(dataset)
