"""Findings about files and side tables, and their cures."""

import re

import polars as pl
from alembic import command

from fusion.core.findings import FINDING_KINDS
from storage.database.engine import make_engine, writing
from storage.database.urls import storage_url
from storage.schema.upgrade import alembic_config
from tests.flows.cures.case import Case, Cure
from tests.flows.cures.shelf import (
    Shelf,
    add,
    configure,
    every,
    execute,
    keep,
    one,
    together,
    typed,
)


def rename(old: str, new: str):
    return lambda shelf: (shelf.folder / old).rename(shelf.folder / new)


def write(name: str, content: str | bytes):
    raw = content.encode() if isinstance(content, str) else content
    return lambda shelf: (shelf.folder / name).write_bytes(raw)


def refill(shelf: Shelf) -> None:
    """Export everything anew, with the configuration as it is."""
    config = (shelf.folder / "fusion.toml").read_text()
    shelf.fill()
    (shelf.folder / "fusion.toml").write_text(config)


def as_text(change):
    return lambda shelf: shelf.text("log.csv", change)


def as_parquet(**columns: pl.Expr):
    def change(shelf: Shelf) -> None:
        frame = pl.read_csv(shelf.folder / "log.csv").with_columns(**columns)
        frame.write_parquet(shelf.folder / "log.parquet")

    return change


def to_database(name: str):
    """Copy the log into the table `log` of an SQLite database."""

    def change(shelf: Shelf) -> None:
        rows = shelf.read("log.csv")
        cells = ", ".join(str(tuple(row.values())) for row in rows)
        columns = ", ".join(rows[0])
        execute(
            shelf, f"create table log ({columns})", f"insert into log values {cells}", file=name
        )

    return change


def shell(code: str):
    """Type the command that the cure of a kind of finding names."""
    return lambda shelf: typed(FINDING_KINDS[code].cure, shelf)


def name_by_place(shelf: Shelf) -> None:
    """Name columns by the cells of the first row, as one has to without a line of names."""
    names = (shelf.folder / "log.csv").read_text().partition("\n")[0].split(",")
    for role, name in zip(("user", "item", "time", "weight"), names, strict=True):
        shelf.configure(f'{role} = "{role}"', f'{role} = "{name}"')


ROLES = ("user", "item", "time", "weight")
IDS_BY_NAME = configure(
    "[data.item_features]",
    '[data.item_columns]\nid = "item"\n\n[data.user_columns]\nid = "user"\n\n[data.item_features]',
)
"""Says which columns of the items and users hold ids, where those of the log have no names."""


def by_position(shelf: Shelf) -> None:
    """Give the columns of the log by position, whatever they are called."""
    config = shelf.folder / "fusion.toml"
    content = config.read_text()
    for place, role in enumerate(ROLES, 1):
        content = re.sub(f'^{role} = ".*"$', f"{role} = {place}", content, flags=re.MULTILINE)
    config.write_text(content)
    IDS_BY_NAME(shelf)


def by_name(shelf: Shelf) -> None:
    for place, role in enumerate(ROLES, 1):
        shelf.configure(f"{role} = {place}\n", f'{role} = "{role}"\n')


def guessed(code: str):
    """Type the `fusion init` of a cure, and use what it writes."""

    def change(shelf: Shelf) -> None:
        typed(FINDING_KINDS[code].cure, shelf, FILE="log.csv")
        rename("guessed.toml", "fusion.toml")(shelf)

    return change


IN_ITEMS = '\n[data.item_columns]\navailable_from = "begins"\navailable_until = "ends"\n'
WINDOWS = together(
    configure("[data.item_features]", IN_ITEMS + "\n[data.item_features]"),
    every("items.csv", begins=lambda row: "2024-01-01", ends=lambda row: ""),
)


def statements(*lines: str):
    """Run statements in the database of lists, once its tables are there."""

    def change(shelf: Shelf) -> None:
        shelf.call("db", "upgrade")
        execute(shelf, *lines)

    return change


def older_database(revision: str, *lines: str):
    """Put an empty database of an older revision in the place of that of lists, and run `lines`."""

    def change(shelf: Shelf) -> None:
        for file in shelf.folder.glob("fusion.db*"):
            file.unlink()
        engine = make_engine(storage_url(f"sqlite:///{shelf.folder / 'fusion.db'}"))
        with writing(engine) as connection:
            command.upgrade(alembic_config(connection), revision)
        engine.dispose()
        execute(shelf, *lines)

    return change


def live_with(*rows: str):
    """Make a run with these rows live."""
    return statements(
        "insert into run (run_no, run_id, placement, kind, status, created_at)"
        " values (1, 'r', 'default', 'full', 'ready', '2024-01-01 00:00:00')",
        *rows,
        "insert into slot (placement, name, run_no, changed_at, changed_by)"
        " values ('default', 'live', 1, '2024-01-01 00:00:00', 'ann')",
    )


def served(user: str, route: str = "warm") -> str:
    return f"insert into served_user (run_no, user_id, route) values (1, '{user}', '{route}')"


def popular(rank: int, item: str) -> str:
    values = f"1, 'all', {rank}, '{item}', 1"
    return f"insert into fallback (run_no, segment, rank, item_id, score) values ({values})"


SERVES_OTHERS = live_with(*(served(f"A{number}") for number in range(40)))
"""Lets a run be live whose users are others than those of the log."""
NEW_ITEM_IDS = together(
    every("log.csv", item=lambda row: f"A{row['item']}"),
    live_with(*(popular(number, str(number)) for number in range(1, 21))),
)
"""Gives the items of the log other ids than they have in the catalogue and in the live run."""

CASES = {
    "missing_file": Case(
        rename("log.csv", "plays.csv"),
        Cure("Correct the path in [data]", configure('"log.csv"', '"plays.csv"')),
    ),
    "empty_file": Case(write("log.csv", ""), Cure("Check the export that wrote the file", refill)),
    "unreadable_file": Case(
        as_text(lambda text: text + '1,2,"2024-01-01,5\n'),
        Cure("look for a quote that is never closed", as_text(lambda text: text.replace('"', ""))),
    ),
    "ragged_rows": Case(
        together(
            configure('items = "items.csv"', 'items = "more.csv"'),
            rename("items.csv", "more.csv"),
            lambda shelf: shelf.text("more.csv", lambda text: text + "25,One, two,1999,new\n"),
        ),
        Cure(
            'contain the delimiter into "double quotes"',
            lambda shelf: shelf.text(
                "more.csv", lambda text: text.replace("One, two", '"One, two"')
            ),
        ),
    ),
    "wrong_encoding": Case(
        together(
            rename("log.csv", "in.csv"),
            lambda shelf: (shelf.folder / "in.csv").write_bytes(
                (shelf.folder / "in.csv").read_bytes() + "张三,2,2024-02-20,2\n".encode("gb18030")
            ),
            configure('"log.csv"', '"in.csv"'),
        ),
        Cure(
            "Convert the file",
            together(
                shell("wrong_encoding"),
                configure('"in.csv"', '"out.csv"'),
            ),
        ),
    ),
    "no_text_file": Case(
        together(to_database("shop.db"), configure('"log.csv"', '"shop.db"')),
        Cure("Name a CSV file", configure('"shop.db"', '"log.csv"')),
        Cure(
            '{ url = "sqlite:///shop.db", query = "select ..." }',
            configure('"shop.db"', '{ url = "sqlite:///shop.db", query = "select * from log" }'),
        ),
    ),
    "wrong_delimiter": Case(
        together(
            as_text(lambda text: text.replace(",", "::")),
            rename("log.csv", "in.dat"),
            configure('"log.csv"', '"in.dat"'),
        ),
        Cure(
            "Separate columns by comma, semicolon, tab or vertical bar",
            together(shell("wrong_delimiter"), configure('"in.dat"', '"out.csv"')),
        ),
    ),
    "duplicate_column": Case(
        together(
            every("log.csv", item2=lambda row: "x"),
            as_text(lambda text: text.replace("item2", "item")),
        ),
        Cure(
            "Rename one of the two in the file",
            as_text(lambda text: text.replace("weight,item\n", "weight,other\n")),
        ),
    ),
    "missing_column": Case(
        configure('user = "user"', 'user = "usr"'),
        Cure("Correct the name in [data]", configure('user = "usr"', 'user = "user"')),
        Cure("guesses columns", guessed("missing_column")),
    ),
    "mixed_files": Case(
        together(
            lambda shelf: (shelf.folder / "logs").mkdir(),
            rename("log.csv", "logs/log.csv"),
            lambda shelf: pl.read_csv(shelf.folder / "logs/log.csv").write_parquet(
                shelf.folder / "logs/log.parquet"
            ),
            configure('"log.csv"', '"logs"'),
        ),
        Cure('by a glob, such as "logs/*.parquet"', configure('"logs"', '"logs/*.parquet"')),
    ),
    "sql_failed": Case(
        configure('"log.csv"', '{ url = "sqlite:///data.db", query = "select * from plays" }'),
        Cure(
            "check address",
            configure('{ url = "sqlite:///data.db", query = "select * from plays" }', '"log.csv"'),
        ),
    ),
    "wrong_type": Case(
        together(as_parquet(user=pl.concat_list("user")), configure('"log.csv"', '"log.parquet"')),
        Cure("Write ids as integers or text", as_parquet()),
    ),
    "no_header": Case(
        together(as_text(lambda text: text.partition("\n")[2]), name_by_place),
        Cure("Give columns by position in [data.columns], such as user = 1", by_position),
        Cure(
            "put a line of names before the first row and name them there",
            together(as_text(lambda text: "user,item,time,weight\n" + text), by_position, by_name),
        ),
        Cure("guesses", guessed("no_header")),
    ),
    "positions_of_names": Case(
        together(as_parquet(), configure('"log.csv"', '"log.parquet"'), by_position),
        Cure("Name the columns in [data]", by_name),
    ),
    "null_id": Case(
        one("items.csv", item="", number=5),
        Cure("Give every row an id", keep("items.csv", lambda row: bool(row["item"]))),
    ),
    "duplicate_id": Case(
        one("items.csv", title="Another"),
        Cure("Keep one row an id", keep("items.csv", lambda row: row["title"] != "Another")),
    ),
    "unparsable_number": Case(
        one("items.csv", item="25", year="MCM"),
        Cure(
            "Mend the cells",
            every("items.csv", year=lambda row: row["year"].replace("MCM", "1900")),
        ),
        Cure(
            "declare the column under `category`",
            configure('number = ["year"]\ncategory = ["genre"]', 'category = ["genre", "year"]'),
        ),
    ),
    "unparsable_window": Case(
        together(WINDOWS, every("items.csv", begins=lambda row: "soon")),
        Cure("Write dates", every("items.csv", begins=lambda row: "2024-01-01")),
        Cure("ISO 8601 text", every("items.csv", begins=lambda row: "2024-01-01T00:00:00Z")),
        Cure("epoch seconds", every("items.csv", begins=lambda row: "1704067200")),
        Cure("leave the cell empty", every("items.csv", begins=lambda row: "")),
    ),
    "window_backwards": Case(
        together(
            WINDOWS,
            every("items.csv", begins=lambda row: "2034-01-01", ends=lambda row: "2024-01-01"),
        ),
        Cure(
            "perhaps their columns are swapped",
            together(
                configure('"begins"', '"x"'),
                configure('"ends"', '"begins"'),
                configure('"x"', '"ends"'),
            ),
        ),
    ),
    "window_without_times": Case(
        together(WINDOWS, configure('time = "time"\n', "")),
        Cure(
            "Name a time column in [data.columns]",
            configure('item = "item"\n', 'item = "item"\ntime = "time"\n'),
        ),
    ),
    "text_mostly_empty": Case(
        together(every("items.csv", plot=lambda row: "A plot", title=lambda row: "")),
        Cure(
            "Name more columns in [data.item_features] text",
            configure('text = ["title"]', 'text = ["title", "plot"]'),
        ),
    ),
    "items_not_in_catalogue": Case(
        keep("items.csv", lambda row: row["item"] != "3"),
        Cure("Export the whole catalogue", refill),
    ),
    "users_not_in_table": Case(
        keep("users.csv", lambda row: row["user"] != "3"), Cure("Export all users", refill)
    ),
    "users_not_recurring": Case(
        SERVES_OTHERS,
        Cure("new ids belong in a placement of their own", add("lists", 'placement = "mail"')),
    ),
    "items_not_recurring": Case(
        NEW_ITEM_IDS,
        Cure("with the same ids for items", every("items.csv", item=lambda row: f"A{row['item']}")),
    ),
}
