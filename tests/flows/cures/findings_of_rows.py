"""Findings about rows of interactions, and their cures."""

from datetime import UTC, datetime, timedelta

from tests.flows.cures.case import Case, Cure
from tests.flows.cures.shelf import add, configure, every, keep, one, together

LATER = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%d")


def has(column):
    return keep("log.csv", lambda row: bool(row[column]))


def without_column(column):
    return configure(f'{column} = "{column}"\n', "")


EVENTS = together(
    add("data.columns", 'event = "event"\n\n[data.events]\nbuy = 5\nclick = 1'),
    every("log.csv", event=lambda row: "buy" if int(row["item"]) % 2 else "click"),
)

CASES = {
    "null_user": Case(one("log.csv", user=""), Cure("only rows that have a user", has("user"))),
    "null_item": Case(one("log.csv", item=""), Cure("only rows that have an item", has("item"))),
    "null_time": Case(
        one("log.csv", time=""),
        Cure("Export the time of every row", has("time")),
        Cure("set no time column", without_column("time")),
    ),
    "null_weight": Case(
        one("log.csv", weight=""),
        Cure("Fill the column", every("log.csv", weight=lambda row: row["weight"] or "1")),
        Cure("set no weight column", without_column("weight")),
    ),
    "unparsable_time": Case(
        one("log.csv", time="soon"),
        Cure(
            "ISO 8601 text",
            every("log.csv", time=lambda row: row["time"].replace("soon", "2024-01-31T06:00:00")),
        ),
        Cure(
            "dates (2024-01-31)",
            every("log.csv", time=lambda row: row["time"].replace("soon", "2024-01-31")),
        ),
    ),
    "future_time": Case(
        one("log.csv", time=LATER),
        Cure("Check the clock", keep("log.csv", lambda row: row["time"] != LATER)),
    ),
    "old_time": Case(
        one("log.csv", time="1975-01-01"),
        Cure(
            "Check that the column holds times", keep("log.csv", lambda row: row["time"] > "1980")
        ),
    ),
    "constant_time": Case(
        together(
            every("log.csv", happened=lambda row: row["time"]),
            every("log.csv", time=lambda row: "2024-05-05"),
        ),
        Cure(
            "the column with the time of the event",
            configure('time = "time"', 'time = "happened"'),
        ),
    ),
    "unparsable_weight": Case(
        one("log.csv", weight="1,234"),
        Cure(
            "without thousands separators",
            every("log.csv", weight=lambda row: row["weight"].replace(",", "")),
        ),
    ),
    "infinite_weight": Case(
        one("log.csv", weight="inf"),
        Cure("Mend the export", keep("log.csv", lambda row: row["weight"] != "inf")),
    ),
    "negative_weight": Case(
        one("log.csv", weight="-1"),
        Cure("shift the scale", every("log.csv", weight=lambda row: str(float(row["weight"]) + 1))),
    ),
    "constant_weight": Case(
        together(
            every("log.csv", hours=lambda row: row["weight"]),
            every("log.csv", weight=lambda row: "3"),
        ),
        Cure("Leave the weight column out", without_column("weight")),
        Cure("or name another", configure('weight = "weight"', 'weight = "hours"')),
    ),
    "unknown_event": Case(
        together(EVENTS, every("log.csv", event=lambda row: "refund")),
        Cure(
            "Give the event a weight in [data.events]",
            configure("click = 1", "click = 1\nrefund = 0"),
        ),
    ),
    "unused_event": Case(
        together(EVENTS, configure("click = 1", "click = 1\nclik = 1")),
        Cure("or remove it", configure("clik = 1\n", "")),
        Cure("Correct the name", configure("click = 1\nclik = 1", "click = 1")),
    ),
    "duplicate_rows": Case(
        one("log.csv", time="2024-01-02T00:01:00Z", number=2),
        Cure("Export each event once", lambda shelf: shelf.write("log.csv", unique(shelf))),
        Cure(
            "without a time column, give counts as weight",
            together(without_column("time"), lambda shelf: shelf.write("log.csv", counts(shelf))),
        ),
    ),
    "single_user": Case(
        together(
            configure(
                "[data.item_features]", '[data.user_columns]\nid = "user"\n\n[data.item_features]'
            ),
            every("log.csv", person=lambda row: row["user"]),
            every("log.csv", user=lambda row: "7"),
        ),
        Cure("Check [data.columns] user", configure('user = "user"', 'user = "person"')),
    ),
    "single_item": Case(
        together(
            configure(
                "[data.item_features]", '[data.item_columns]\nid = "item"\n\n[data.item_features]'
            ),
            every("log.csv", thing=lambda row: row["item"]),
            every("log.csv", item=lambda row: "7"),
        ),
        Cure("Check [data.columns] item", configure('item = "item"', 'item = "thing"')),
    ),
    "too_few_interactions": Case(
        keep("log.csv", lambda row: int(row["user"]) <= 40),
        Cure("Give more history", lambda shelf: shelf.fill()),
    ),
    "none_liked": Case(
        add("data", 'positive = "weight >= 50"'),
        Cure("it may use another scale", configure("weight >= 50", "weight >= 5")),
    ),
    "bad_positive": Case(
        add("data", 'positive = "wieght >= 4"'),
        Cure("Correct the expression", configure("wieght", "weight")),
    ),
    "no_interactions": Case(
        every("log.csv", user=lambda row: ""),
        Cure(
            "Mend what the other findings name",
            every("log.csv", user=lambda row: row["time"][14:16]),
        ),
    ),
    "mixed_ids": Case(
        one("log.csv", user="U-1"),
        Cure("were not merged", keep("log.csv", lambda row: row["user"].isdigit())),
    ),
    "similar_ids": Case(
        one("log.csv", item="2 "),
        Cure("Write each id in one way", every("log.csv", item=lambda row: row["item"].strip())),
    ),
    "null_like_id": Case(
        one("log.csv", user="NaN"),
        Cure(
            "Export an empty cell",
            every("log.csv", user=lambda row: row["user"].replace("NaN", "")),
        ),
    ),
    "nul_in_id": Case(
        one("log.csv", user="4\0"),
        Cure(
            "Remove the character",
            lambda shelf: shelf.text("log.csv", lambda text: text.replace("\0", "")),
        ),
    ),
}


def unique(shelf):
    return list({tuple(row.values()): row for row in shelf.read("log.csv")}.values())


def counts(shelf):
    pairs = {}
    for row in shelf.read("log.csv"):
        pairs.setdefault((row["user"], row["item"]), []).append(row)
    return [
        {**rows[0], "weight": str(len(rows) + 1 + i % 2)} for i, rows in enumerate(pairs.values())
    ]
