"""Findings about files that are not what they seem, and their cures."""

import gzip
import os

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from fusion.core.findings import FINDING_KINDS
from tests.flows.cures.case import Case, Cure
from tests.flows.cures.findings_of_files import as_text, rename, shell, write
from tests.flows.cures.shelf import Shelf, add, configure, every, one, together, typed


def stray_quotes(text: str) -> str:
    """Open a quote in one row and close it in another."""
    rows = text.splitlines()
    rows[400] = rows[400].replace(",", ',"', 1)
    rows[600] = rows[600].replace(",2024", '",2024')
    return "\n".join(rows) + "\n"


def in_utf16(shelf: Shelf) -> None:
    text = (shelf.folder / "log.csv").read_text()
    (shelf.folder / "in.csv").write_bytes(text.encode("utf-16"))


def packed(shelf: Shelf) -> None:
    """Pack the log, under the name of a file that is not."""
    log = shelf.folder / "log.csv"
    log.write_bytes(gzip.compress(log.read_bytes()))


def behind_a_link(shelf: Shelf) -> None:
    """Name the log by a link, whose target was moved since."""
    (shelf.folder / "link.csv").symlink_to("moved.csv")


def pipe(shelf: Shelf) -> None:
    os.mkfifo(shelf.folder / "pipe.csv")


BOTS = [f"{number}" for number in range(201, 211)]


def campaign(shelf: Shelf) -> None:
    """Let ten accounts take item 25, which nobody knew, and others, within minutes of a day."""
    rows = shelf.read("log.csv")
    for bot in BOTS:
        for minute, item in enumerate(["25", *map(str, range(int(bot) % 3 + 1, 24, 2))]):
            time = f"2024-01-20T12:{minute:02}:{int(bot) % 60:02}Z"
            rows.append({"user": bot, "item": item, "time": time, "weight": "5"})
    shelf.write("log.csv", rows)


def flags(word: str):
    """Let the users' file say in a column that user 7 opted out."""
    return every("users.csv", out=lambda row: word if row["user"] == "7" else "no")


def in_zone(zone: str):
    """Write the log as Parquet, with times in a zone."""

    def change(shelf: Shelf) -> None:
        frame = pl.read_csv(shelf.folder / "log.csv", try_parse_dates=True)
        table = frame.with_columns(pl.col("time").dt.replace_time_zone(None)).to_arrow()
        times = table["time"].cast(pa.timestamp("us")).cast(pa.timestamp("us", zone))
        table = table.set_column(table.schema.get_field_index("time"), "time", times)
        pq.write_table(table, shelf.folder / "log.parquet")

    return change


CASES = {
    "utf16_file": Case(
        together(in_utf16, configure('"log.csv"', '"in.csv"')),
        Cure("Convert the file", together(shell("utf16_file"), configure('"in.csv"', '"out.csv"'))),
    ),
    "wrong_ending": Case(
        packed,
        Cure(
            "Give the file the ending that is named, in [data] too",
            together(rename("log.csv", "log.csv.gz"), configure('"log.csv"', '"log.csv.gz"')),
        ),
    ),
    "broken_link": Case(
        together(behind_a_link, configure('"log.csv"', '"link.csv"')),
        Cure("Bring the target back", rename("log.csv", "moved.csv")),
        Cure(
            "point the link at the file by `ln -sfn FILE LINK`",
            lambda shelf: typed(
                FINDING_KINDS["broken_link"].cure, shelf, FILE="log.csv", LINK="link.csv"
            ),
        ),
    ),
    "no_regular_file": Case(
        together(pipe, configure('"log.csv"', '"pipe.csv"')),
        Cure("Write the rows to a file, and name that", configure('"pipe.csv"', '"log.csv"')),
    ),
    "unknown_zone": Case(
        together(in_zone("GMT+2"), configure('"log.csv"', '"log.parquet"')),
        Cure("Write the times in UTC", in_zone("UTC")),
        Cure('in a zone by name, such as "Europe/Berlin"', in_zone("Europe/Berlin")),
    ),
    "swallowed_rows": Case(
        as_text(stray_quotes),
        Cure("Remove the quote", as_text(lambda text: text.replace('"', ""))),
    ),
    "line_break_in_id": Case(
        one("log.csv", number=5, user="1\n"),
        Cure("Remove the line break", every("log.csv", user=lambda row: row["user"].strip())),
    ),
    "opt_out_unreadable": Case(
        add("data", 'opt_out = "people.txt"'),
        Cure(
            "Correct the path",
            together(write("out.txt", "7\n"), configure('"people.txt"', '"out.txt"')),
        ),
        Cure("write a text file in UTF-8 with one id a line", write("people.txt", "7\n")),
    ),
    "unclear_opt_out": Case(
        together(flags("maybe"), add("data", 'user_columns = { opt_out = "out" }')),
        Cure("Write true or false", flags("true")),
        Cure("1 or 0", flags("1")),
        Cure("yes or no", flags("yes")),
        Cure("an empty cell is no", flags("")),
    ),
    "opted_out_unknown": Case(
        together(write("people.txt", "u-7\n"), add("data", 'opt_out = "people.txt"')),
        Cure("Write their ids as the interactions write them", write("people.txt", "7\n")),
        Cure("take them off the list", write("people.txt", "")),
    ),
    "suspicious_users": Case(
        campaign,
        Cure('set [data] suspicious = "drop"', add("data", 'suspicious = "drop"')),
        Cure(
            "list the accounts in [data] opt_out",
            together(add("data", 'opt_out = "out.txt"'), write("out.txt", "\n".join(BOTS))),
        ),
    ),
    "long_id": Case(
        one("log.csv", user="1" + " " * 2000),
        Cure("Export the id alone", every("log.csv", user=lambda row: row["user"].strip())),
    ),
}
