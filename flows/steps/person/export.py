"""`fusion person`: all that is held of one user, in every placement."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from polars.exceptions import PolarsError
from sqlalchemy import Engine

from flows.session import Session
from flows.steps.keep.forgotten import Hasher
from flows.steps.person.data_rows import DataRows, rows_in_data
from flows.steps.person.naming_files import IdSearch
from flows.steps.person.run_files import (
    HeldFile,
    KnownIn,
    files_of_run,
    files_of_stages,
    known_in,
)
from flows.steps.user_ids import every_id
from fusion.errors import ConfigError, FusionError
from fusion.runs.cleanup import run_folders, unnamed_stages
from fusion.runs.redaction import Redactor
from storage.runs.forgotten import all_forgotten
from storage.runs.person_rows import NamingText, rows_of_people, texts_about

NOT_SEARCHED = (
    "run folders of other configurations in the same database",
    "backups, replicas and write-ahead logs of the database, and copies of files",
    "logs, terminal output, and what a Prefect server keeps of runs",
    "what was learned from everybody together: trees of rankers, "
    "counts and averages in figures, reports and fallbacks",
    "vectors of what users wrote, by hashes of the texts: `fusion forget` removes all of them",
)
"""Places that may hold more, for the one who must answer for it."""
UNREADABLE = (OSError, PolarsError, FusionError, ValueError)
"""What a damaged file may raise: it is named, and the search goes on."""


@dataclass(frozen=True)
class PersonExport:
    """Everything that is held of a user.

    Attributes:
        user: plain id.
        ids: under which they were looked for: the plain id, and their pseudonym where a key is set.
        at: when, aware UTC.
        data: their rows in the files and tables that the data comes from.
        sql: their rows by table, of every run and placement.
        texts: sentences and documents of SQL that name them.
        forgotten: whether they were forgotten; None where that cannot be known without its key.
        files: what run folders, stages, reports, dashboards and all else there hold of them.
        unread: sentences about what could not be read, and may hold more.
        not_searched: places that may hold more.
    """

    user: str
    ids: tuple[str, ...]
    at: datetime
    data: DataRows
    sql: dict[str, list[dict[str, Any]]]
    texts: tuple[NamingText, ...]
    forgotten: bool | None
    files: tuple[HeldFile, ...]
    unread: tuple[str, ...]
    not_searched: tuple[str, ...]

    @property
    def held(self) -> dict[str, int]:
        """Places that hold something, with the number of rows, texts or files there."""
        counts = {
            "interactions of the data": len(self.data.interactions),
            "users table of the data": len(self.data.users),
            "queries of the data": len(self.data.queries),
            "vectors of the data": len(self.data.vectors),
        }
        counts |= {f"SQL table {table}": len(rows) for table, rows in self.sql.items()}
        counts["texts in SQL"] = len(self.texts)
        counts["files of runs, stages and reports"] = len(self.files)
        return {place: count for place, count in counts.items() if count}

    def as_dict(self) -> dict[str, Any]:
        """Return the export as one document."""
        files = [{"file": str(one.path), "how": one.how, "rows": one.rows} for one in self.files]
        tables = ("interactions", "users", "queries", "vectors")
        data = {name: getattr(self.data, name) for name in tables}
        return {
            "user": self.user,
            "ids": self.ids,
            "at": self.at,
            "held": self.held,
            "data": data,
            "opted_out": self.data.opted_out,
            "forgotten": self.forgotten,
            "sql": self.sql,
            "texts": [asdict(one) for one in self.texts],
            "files": files,
            "unread": self.unread,
            "not_searched": self.not_searched,
        }


def export_person(session: Session, user: str) -> PersonExport:
    """Find everything that is held of a user, in every placement; nothing is changed.

    Args:
        session: the database, the folder of runs and the data.
        user: plain id.

    Returns:
        All of it, and what could not be read.

    Raises:
        ConfigError: users have pseudonyms, and their key is missing.
        Temporary: a database is busy or away.
    """
    ids = list(every_id(session, [user]))
    data = rows_in_data(session, user)
    unread = list(data.unread)
    redactor = Redactor(ids)
    return PersonExport(
        user=user,
        ids=tuple(ids),
        at=datetime.now(UTC),
        data=data,
        sql=rows_of_people(session.engine, ids),
        texts=tuple(texts_about(session.engine, redactor.redact_text, redactor.redact)),
        forgotten=_is_forgotten(session.engine, user),
        files=tuple(_files(session, ids, unread)),
        unread=tuple(unread),
        not_searched=_not_searched(session),
    )


def _not_searched(session: Session) -> tuple[str, ...]:
    unnamed = len(unnamed_stages(session.runs))
    if not unnamed:
        return NOT_SEARCHED
    return (f"{unnamed} stages of no finished run, which hold rows by number alone", *NOT_SEARCHED)


def _is_forgotten(engine: Engine, user: str) -> bool | None:
    hashes = all_forgotten(engine)
    if not hashes:
        return False
    try:
        return Hasher.from_environment().of(user) in hashes
    except ConfigError:
        return None


def _files(session: Session, ids: list[str], unread: list[str]) -> list[HeldFile]:
    """Look through the artifacts: first where rows are theirs by number, then for their id."""
    runs: list[KnownIn] = []
    files: list[HeldFile] = []
    for run_id, folder in run_folders(session.runs).items():
        with _noting(f"run {run_id}", unread):
            run = known_in(folder, ids)
            if run is not None:
                runs.append(run)
                files += files_of_run(run)
    with _noting("stages", unread):
        files += files_of_stages(session.runs, runs)
    search = IdSearch(ids)
    seen = {one.path for one in files}
    for file in _other_files(session, seen):
        with _noting(str(file), unread):
            found = search.look(file)
            if found is not None:
                files.append(found)
    return files


def _other_files(session: Session, seen: set[Path]) -> list[Path]:
    """List the files of the artifacts and the dashboards that were not looked at yet."""
    everything = {*session.runs.rglob("*"), *session.workspace.rglob("*")}
    return sorted(file for file in everything - seen if file.is_file())


@contextmanager
def _noting(place: str, unread: list[str]) -> Iterator[None]:
    """Note a place that cannot be read, and go on."""
    try:
        yield
    except UNREADABLE as damage:
        unread.append(f"{place}: {damage}")
