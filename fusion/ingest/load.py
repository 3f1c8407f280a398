"""Load data as configured: every source of rows read, checked, cleaned and assembled into one `Dataset`."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import polars as pl
from polars.exceptions import PolarsError

from fusion.core.findings import Finding, FindingKind, Unusable, declare, example_rows
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError, DataError
from fusion.ingest.assemble import as_dataset, duplicates, in_time_order, number_rows
from fusion.ingest.checks import columns, ids, tables, volume  # noqa: F401  importing them registers their checks
from fusion.ingest.checks.registry import DATA_CHECKS, Facts
from fusion.ingest.checks.rows import check_rows
from fusion.ingest.files import ReadSql, Table, open_table
from fusion.ingest.interactions import read_interactions, weigh
from fusion.ingest.settings import DataSettings
from fusion.ingest.tables import read_items, read_users
from fusion.ingest.time_parsing import moment_ms

T = TypeVar("T")
ReadTable = Callable[[DataSettings, Table], tuple[pl.DataFrame, list[Finding]]]
LeftOut = Callable[[pl.Series], pl.Series]
"""Says of outside ids of users (n,) which (n,) bool may not be used: those of people who asked to be forgotten."""
log = logging.getLogger(__name__)

NOTHING_LEFT = declare(
    FindingKind(
        "no_interactions",
        "error",
        "no interaction that can be used",
        "nothing is read",
        "Mend what the other findings name, or choose a later --as-of.",
    )
)
BAD_POSITIVE = declare(
    FindingKind(
        "bad_positive",
        "error",
        "a [data] positive that cannot be read, or names no column",
        "nothing is read",
        "Correct the expression.",
    )
)
WRONG_TYPE = declare(
    FindingKind(
        "wrong_type",
        "error",
        "a column of a type that has no meaning there, such as lists as ids",
        "nothing is read",
        "Write ids as integers or text, weights as numbers, times as dates, numbers or text.",
    )
)
FORGOTTEN = declare(
    FindingKind(
        "forgotten_users",
        "warning",
        "rows of people whom `fusion forget` was told to forget",
        "they are left out",
        "Delete the rows where the data comes from.",
    )
)


@dataclass(frozen=True)
class Loaded:
    """The dataset with what was found on the way; `notes` counts rows read, left out by reason, and used."""

    dataset: Dataset
    findings: list[Finding]
    notes: dict[str, int]


@dataclass
class _Reading:
    settings: DataSettings
    base: Path
    as_of: int | None
    read_sql: ReadSql | None
    left_out: LeftOut | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    def attempt(self, subject: str, read: Callable[[], T]) -> T | None:
        """Read, or note why not and go on, so that one look names every trouble."""
        try:
            return read()
        except Unusable as stop:
            self.findings.append(stop.finding)
        except PolarsError as wrong:
            message = f"a column of the {subject} has a type that cannot be used: {str(wrong).splitlines()[0]}"
            self.findings.append(WRONG_TYPE.finding(subject, 1, message))
        except ConfigError as wrong:
            self.findings.append(BAD_POSITIVE.finding("interactions", 1, str(wrong).rstrip(".")))
        return None

    def interactions(self) -> pl.DataFrame:
        """Cleaned rows in time order, still with outside ids."""
        table = open_table("interactions", self.settings.interactions, self.base, self.read_sql)
        frame = read_interactions(self.settings, table)
        self.notes["read"] = len(frame)
        frame = self.remembered("interactions", frame, "user")
        events = frame["event"].unique() if self.settings.events else pl.Series([], dtype=pl.String)
        frame, found, dropped = check_rows(frame, self.settings, round(time.time() * 1000))
        self.findings += found
        self.notes |= dropped
        unused = [name for name in self.settings.events if name not in events]
        if unused:
            message = f"no interaction has the event {', '.join(map(repr, unused))}"
            examples = [{"event": name} for name in unused]
            self.findings.append(
                volume.UNUSED_EVENTS.finding("interactions", len(unused), message, examples)
            )
        frame = weigh(frame.drop("blank", "time_text", "weight_text", strict=False), self.settings)
        before = len(frame)
        frame = in_time_order(frame, self.as_of)
        self.notes["as_of_or_later"] = before - len(frame)
        if frame.is_empty():
            raise NOTHING_LEFT.stop(
                "interactions", f"of {self.notes['read']} interactions none can be used"
            )
        return frame

    def remembered(self, subject: str, frame: pl.DataFrame, column: str) -> pl.DataFrame:
        """Rows of people who did not ask to be forgotten; how many went is noted, who they are is not."""
        if self.left_out is None:
            return frame
        people = frame[column].drop_nulls().unique()
        people = people.filter(self.left_out(people))
        gone = frame[column].is_in(people.implode()).fill_null(False)
        count = int(gone.sum())
        if count:
            message = f"{count} rows of {len(people)} people who were forgotten are left out"
            self.findings.append(FORGOTTEN.finding(subject, count, message))
            self.notes[f"forgotten_{subject}"] = count
        return frame.filter(~gone)

    def table(self, subject: str, read: ReadTable) -> pl.DataFrame | None:
        """The items or users, where the configuration names them and they can be read."""
        source = getattr(self.settings, subject)
        if source is None:
            return None
        found = self.attempt(
            subject,
            lambda: read(self.settings, open_table(subject, source, self.base, self.read_sql)),
        )
        if found is None:
            return None
        self.findings += found[1]
        return found[0]

    def dataset(self, live_users: pl.Series | None) -> Dataset | None:
        """Everything, or None where something that cannot be missed could not be read."""
        items, users = self.table("items", read_items), self.table("users", read_users)
        users = None if users is None else self.remembered("users", users, "id")
        frame = self.attempt("interactions", self.interactions)
        if frame is None:
            return None
        self.check_moment(items, "time" in frame.columns)
        data = self.assemble(frame, items, users)
        facts = Facts(self.settings, data, items, users, live_users)
        self.findings += [found for check in DATA_CHECKS if (found := check(facts)) is not None]
        self.notes["used"] = len(data)
        return data

    def assemble(
        self, frame: pl.DataFrame, items: pl.DataFrame | None, users: pl.DataFrame | None
    ) -> Dataset:
        """Outside ids become row numbers, exact duplicates go."""
        user_ids, user_rows = number_rows(frame["user"], users)
        item_ids, item_rows = number_rows(frame["item"], items)
        frame = frame.with_columns(pl.Series("user", user_rows), pl.Series("item", item_rows))
        again = duplicates(frame.drop("row"))
        count = self.notes["duplicate_rows"] = int(again.sum())
        if count:
            head = frame.filter(again).head(3)
            texts = [
                user_ids.texts(head["user"].to_numpy()),
                item_ids.texts(head["item"].to_numpy()),
            ]
            shown = head.select("row").with_columns(texts[0].alias("user"), texts[1].alias("item"))
            message = f"{count} interactions equal an earlier one in every column that is read"
            found = volume.DUPLICATES.finding("interactions", count, message, example_rows(shown))
            self.findings.append(found)
            frame = frame.filter(~again)
        has_weights = self.settings.columns.weight is not None or bool(self.settings.events)
        tables = {"items": items, "users": users}
        return replace(
            as_dataset(frame, user_ids, item_ids, tables, self.as_of), has_weights=has_weights
        )

    def check_moment(self, items: pl.DataFrame | None, has_times: bool) -> None:
        """Without times nothing can be cut, and no moment says which items are available."""
        if has_times:
            return
        if self.as_of is not None:
            self.findings.append(
                volume.NO_CUT.finding("interactions", 1, "the interactions have no times to cut by")
            )
        elif items is not None and {"available_from", "available_until"} & set(items.columns):
            message = "items have times of availability, but the interactions have no times"
            self.findings.append(tables.NO_WINDOW_TIME.finding("items", 1, message))


def look(
    settings: DataSettings,
    base: Path,
    as_of: datetime | None,
    read_sql: ReadSql | None,
    live_users: pl.Series | None,
    left_out: LeftOut | None,
) -> tuple[Dataset | None, _Reading]:
    """Give the dataset, None where it cannot be read, and the reading with its findings and notes."""
    moment = None if as_of is None else moment_ms(as_of, settings.timezone)
    reading = _Reading(settings, base, moment, read_sql, left_out)
    return reading.dataset(live_users), reading


def load(
    settings: DataSettings,
    base: Path,
    as_of: datetime | None = None,
    read_sql: ReadSql | None = None,
    live_users: pl.Series | None = None,
    left_out: LeftOut | None = None,
) -> Loaded:
    """Load what `settings` name; relative paths start at `base`, the folder of the configuration file.

    Only events before `as_of` are used, and later ones leave no trace in ids or tables; without it,
    everything is, and the dataset's `as_of` is 1 ms after the last event. `live_users` are the ids
    that the live run served; `left_out` says whose rows may not be used. Raises DataError that
    lists every finding of severity error.
    """
    started = time.perf_counter()
    data, reading = look(settings, base, as_of, read_sql, live_users, left_out)
    errors = [finding.text() for finding in reading.findings if finding.severity == "error"]
    if errors or data is None:
        raise DataError("\n".join(errors))
    log.info("load done %s seconds=%.1f", _words(reading.notes), time.perf_counter() - started)
    return Loaded(data, reading.findings, reading.notes)


def _words(notes: dict[str, int]) -> str:
    return " ".join(f"{name}={count}" for name, count in notes.items() if count)


def check(
    settings: DataSettings,
    base: Path,
    as_of: datetime | None = None,
    read_sql: ReadSql | None = None,
    live_users: pl.Series | None = None,
    left_out: LeftOut | None = None,
) -> list[Finding]:
    """Give every finding, errors first, without raising for any of them; arguments as in `load`."""
    _, reading = look(settings, base, as_of, read_sql, live_users, left_out)
    return sorted(reading.findings, key=lambda finding: finding.severity)
