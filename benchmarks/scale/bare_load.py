"""A bare load for `publish.py`: rows that are ready, into a table without a key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from flows.steps.train.row_export import list_blocks
from storage.database.engine import writing
from storage.loading.binary import END, SIGNATURE, binary_rows

COLUMNS = "user_id, rank, item_id, score, probability"
CREATE = (
    "CREATE TABLE bare (run_no integer DEFAULT 0, user_id text{collation}, rank integer, "
    "item_id text{collation}, score real, probability double precision)"
)


def bare_load(engine: Engine, folder: Path) -> Callable[[], None]:
    """Return a load of a run's rows, in the format of the database, into a fresh table.

    Nothing is left to prepare.
    """
    postgres = engine.dialect.name == "postgresql"
    create = CREATE.format(collation=' COLLATE "C"' if postgres else "")
    blocks = list_blocks(folder)
    if postgres:
        fill = copy([bytes(binary_rows(block)) for block in blocks])
    else:
        fill = insert([block.rows() for block in blocks])

    def load() -> None:
        with writing(engine) as connection:
            connection.execute(text("DROP TABLE IF EXISTS bare"))
            connection.execute(text(create))
            fill(connection)

    return load


def copy(parts: list[bytes]) -> Callable[[Connection], None]:
    """Return a binary COPY of parts to PostgreSQL."""
    statement = f"COPY bare ({COLUMNS}) FROM STDIN WITH (FORMAT binary)"

    def send(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        with driver.cursor().copy(statement) as stream:
            for part in (SIGNATURE, *parts, END):
                stream.write(part)

    return send


def insert(parts: list[list[tuple[Any, ...]]]) -> Callable[[Connection], None]:
    """Return an insert of parts into SQLite."""
    statement = f"INSERT INTO bare ({COLUMNS}) VALUES (?, ?, ?, ?, ?)"

    def send(connection: Connection) -> None:
        for part in parts:
            connection.exec_driver_sql(statement, part)

    return send
