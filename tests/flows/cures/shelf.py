"""A folder of small files with a configuration, in which cases plant a fault and mend it."""

import csv
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.flows.calling import Called, call
from tests.fusion.ingest.planted import clean_rows

CONFIG = """\
[data]
interactions = "log.csv"
items = "items.csv"
users = "users.csv"
# [data] goes on here

[data.columns]
user = "user"
item = "item"
time = "time"
weight = "weight"
# [data.columns] goes on here

[data.item_features]
text = ["title"]
number = ["year"]
category = ["genre"]

[data.user_features]
category = ["club"]

[lists]
# [lists] goes on here
"""
ITEMS = [
    {"item": str(number), "title": f"Item {number}", "year": "1999", "genre": "new|old"}
    for number in range(1, 25)
]
USERS = [{"user": str(number), "club": "red" if number % 2 else "blue"} for number in range(1, 101)]
COMMAND = re.compile(r"`([^`]+)`")

Row = dict[str, str]


@dataclass(frozen=True)
class Shelf:
    """A folder with `fusion.toml`, `log.csv`, `items.csv` and `users.csv`.

    Attributes:
        folder: where they are.
    """

    folder: Path

    def fill(self) -> None:
        """Write files in which `fusion check` finds nothing."""
        (self.folder / "fusion.toml").write_text(CONFIG)
        for name, rows in (("log", clean_rows()), ("items", ITEMS), ("users", USERS)):
            self.write(f"{name}.csv", rows)

    def read(self, name: str) -> list[Row]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def write(self, name: str, rows: list[Row]) -> None:
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def text(self, name: str, change: Callable[[str], str]) -> None:
        """Change a file as text."""
        file = self.folder / name
        file.write_text(change(file.read_text("utf-8")), "utf-8")

    def configure(self, old: str, new: str) -> None:
        """Replace a text of the configuration, which must be there."""
        config = self.folder / "fusion.toml"
        content = config.read_text()
        assert old in content, content
        config.write_text(content.replace(old, new))

    def add(self, section: str, line: str) -> None:
        """Add a line to a section of the configuration."""
        self.configure(f"# [{section}] goes on here", f"{line}\n# [{section}] goes on here")

    def call(self, *words: str, **env: str) -> Called:
        return call(self.folder, *words, **env)


Change = Callable[[Shelf], Any]


def every(name: str, **cells: Callable[[Row], str | None]) -> Change:
    """Compute cells of each row of a file anew."""

    def change(shelf: Shelf) -> None:
        rows = shelf.read(name)
        shelf.write(
            name, [{**row, **{key: make(row) for key, make in cells.items()}} for row in rows]
        )

    return change


def one(name: str, number: int = 1, **cells: str | None) -> Change:
    """Add copies of a file's first row with other cells."""

    def change(shelf: Shelf) -> None:
        rows = shelf.read(name)
        shelf.write(name, [*rows, *[{**rows[0], **cells}] * number])

    return change


def keep(name: str, wanted: Callable[[Row], bool]) -> Change:
    """Leave out rows of a file."""
    return lambda shelf: shelf.write(name, [row for row in shelf.read(name) if wanted(row)])


def configure(old: str, new: str) -> Change:
    return lambda shelf: shelf.configure(old, new)


def add(section: str, line: str) -> Change:
    return lambda shelf: shelf.add(section, line)


def together(*changes: Change) -> Change:
    def change(shelf: Shelf) -> None:
        for each in changes:
            each(shelf)

    return change


def execute(shelf: Shelf, *statements: str, file: str = "fusion.db") -> None:
    """Run statements in an SQLite file of the folder, made where it is not there."""
    with closing(sqlite3.connect(shelf.folder / file)) as database, database:
        for statement in statements:
            database.execute(statement)


def typed(words: str, shelf: Shelf, **names: str) -> None:
    """Type the first command in backticks of a message, with names for its words in capitals."""
    line = COMMAND.search(words)[1]
    for placeholder, name in names.items():
        assert placeholder in line, line
        line = line.replace(placeholder, name)
    if line.startswith("fusion "):
        called = shelf.call(*line.split()[1:])
        assert called.code == 0, called.message
    else:
        subprocess.run(["bash", "-ec", line], cwd=shelf.folder, check=True)
