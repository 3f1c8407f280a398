"""Refusals of the command line, of data that cannot be split or read, and of the database."""

from shutil import rmtree

import polars as pl

from tests.flows.cures.case import Refusal
from tests.flows.cures.findings_of_files import older_database, statements, to_database, write
from tests.flows.cures.findings_of_settings import backup, in_another_database, restore
from tests.flows.cures.refusals_of_settings import section
from tests.flows.cures.shelf import Shelf, add, configure, every, execute, keep, together

BLOCKED_TIMES = "storage/schema/migrations/versions/0005_blocked_times.py:_refuse_unreadable"
MENDS_A_TIME = "UPDATE blocked_item SET until = '2027-12-31 00:00:00' WHERE id = 1"
MISSPELT_TIME = older_database(
    "0004",
    "insert into blocked_item (placement, item_id, until) values ('default', '1', '31.12.2027')",
)
REPLAY = ("replay", "--from", "2024-01-15", "--to", "2024-01-25")
KEY = "a key of thirty-two characters or more"


def query(statement: str):
    return configure('"log.csv"', f'{{ url = "sqlite:///data.db", query = "{statement}" }}')


def other_url(site: str, says: str, wrong: str):
    """The URL of a query that a message says to name otherwise."""
    return Refusal(
        f"storage/reading/frames.py:{site}",
        says,
        together(
            to_database("data.db"),
            query("select * from log"),
            configure("sqlite:///data.db", wrong),
        ),
        configure(wrong, "sqlite:///data.db"),
    )


def mix(shelf: Shelf) -> None:
    """Write one number among the texts of a column of data.db."""
    execute(shelf, "update log set user = 5 where rowid = 1", file="data.db")


OF_COMMANDS = [
    Refusal(
        "flows/cli/options/times.py:parse_moment",
        "write 2026-01-31 or",
        words=("train", "--as-of", "last week"),
        then=("train", "--as-of", "2026-01-31"),
    ),
    Refusal(
        "flows/cli/options/times.py:parse_moment",
        "or 2026-01-31T06:00",
        words=("train", "--as-of", "last week"),
        then=("train", "--as-of", "2026-01-31T06:00"),
    ),
    Refusal(
        "flows/cli/training.py:_explain",
        "give one of them",
        words=("retrain", "--explain", "--force"),
        then=("retrain", "--explain"),
    ),
    Refusal(
        "flows/steps/past/dates.py:PastDates.__post_init__",
        "exchange them",
        words=("backfill", "--from", "2024-01-25", "--to", "2024-01-20"),
        then=("backfill", "--from", "2024-01-20", "--to", "2024-01-25"),
    ),
    Refusal(
        "flows/steps/past/dates.py:DataSpan.of",
        "name their column as `time` in [data.columns]",
        configure('time = "time"\n', ""),
        configure('item = "item"\n', 'item = "item"\ntime = "time"\n'),
        words=("backfill", "--from", "2024-01-20", "--to", "2024-01-25"),
    ),
    Refusal(
        "flows/steps/past/dates.py:require_within#1",
        "choose a later date",
        words=("backfill", "--from", "2000-01-01", "--to", "2024-01-25"),
        then=("backfill", "--from", "2024-01-20", "--to", "2024-01-25"),
    ),
    Refusal(
        "flows/steps/past/dates.py:require_within#2",
        "choose --to",
        words=("backfill", "--from", "2024-01-20", "--to", "2124-03-10"),
        then=("backfill", "--from", "2024-01-20", "--to", "2024-01-25"),
    ),
    Refusal(
        "flows/steps/past/replay.py:replay",
        "name a later --to",
        words=("replay", "--from", "2024-01-15", "--to", "2024-01-20"),
        then=REPLAY,
    ),
    Refusal(
        "flows/steps/past/replay.py:replay",
        "or a shorter --every",
        words=("replay", "--from", "2024-01-15", "--to", "2024-01-20"),
        then=("replay", "--from", "2024-01-15", "--to", "2024-01-20", "--every", "2d"),
    ),
    Refusal(
        "flows/steps/past/policies.py:policies_of",
        "rename the file",
        write("never.toml", "[retrain]\nmax_age = 3\n"),
        lambda shelf: (shelf.folder / "never.toml").rename(shelf.folder / "often.toml"),
        words=(*REPLAY, "--policy", "never.toml"),
        then=(*REPLAY, "--policy", "often.toml"),
    ),
    Refusal(
        "flows/steps/past/policies.py:read_policy#1",
        "name a TOML file with a [retrain] section",
        do=write("often.toml", "[retrain]\nmax_age = 3\n"),
        words=(*REPLAY, "--policy", "often.toml"),
    ),
    Refusal(
        "flows/steps/past/policies.py:read_policy#2",
        "write a [retrain] section alone",
        write("often.toml", "[lists]\nsize = 3\n"),
        write("often.toml", "[retrain]\nmax_age = 3\n"),
        words=(*REPLAY, "--policy", "often.toml"),
    ),
    Refusal(
        "flows/steps/past/replay_folder.py:_require_own",
        "name an empty folder, or one that is not there yet",
        words=(*REPLAY, "--keep", "."),
        then=(*REPLAY, "--keep", "kept"),
    ),
    Refusal(
        "flows/steps/past/replay_folder.py:_require_same_order",
        "name another folder",
        lambda shelf: shelf.call(*REPLAY, "--every", "5d", "--keep", "kept"),
        words=(*REPLAY, "--keep", "kept"),
        then=(*REPLAY, "--keep", "other"),
    ),
    Refusal(
        "flows/steps/past/replay_folder.py:_require_same_order",
        "or remove this one",
        lambda shelf: shelf.call(*REPLAY, "--every", "5d", "--keep", "kept"),
        lambda shelf: rmtree(shelf.folder / "kept"),
        words=(*REPLAY, "--keep", "kept"),
    ),
    Refusal(
        "flows/steps/init.py:write_first_config",
        "--force overwrites it",
        words=("init", "log.csv"),
        then=("init", "log.csv", "--force"),
    ),
    Refusal(
        "flows/steps/init.py:write_first_config",
        "--config writes another",
        words=("init", "log.csv"),
        then=("init", "log.csv", "--config", "other.toml"),
    ),
    Refusal(
        "fusion/ingest/guess/interaction_file.py:choose_interactions",
        "Name the file instead",
        lambda shelf: (
            (shelf.folder / "logs").mkdir(),
            write("logs/a.csv", "when,rating\n2024-01-01,4.5\n")(shelf),
            write("logs/b.csv", "price\n4.5\n")(shelf),
        ),
        words=("init", "logs", "--config", "new.toml"),
        then=("init", "log.csv", "--config", "new.toml"),
    ),
    Refusal(
        "fusion/ingest/guess/column_roles.py:_RoleSearch.claim_id",
        "Call the right one 'user' in the file",
        write("a.csv", "who,item\n1.5,1\n2.5,2\n"),
        write("a.csv", "user,item\n1.5,1\n2.5,2\n"),
        words=("init", "a.csv", "--config", "new.toml"),
    ),
    Refusal(
        "flows/steps/keep/erase.py:read_people#1",
        "name one USER",
        words=("forget",),
        then=("forget", "7"),
        env={"FUSION_FORGET_KEY": KEY},
    ),
    Refusal(
        "flows/steps/keep/erase.py:read_people#1",
        "or --file FILE with one id a line",
        write("people.txt", "7\n"),
        words=("forget",),
        then=("forget", "--file", "people.txt"),
        env={"FUSION_FORGET_KEY": KEY},
    ),
    Refusal(
        "flows/steps/keep/erase.py:read_people#2",
        "give an id, in a file one a line",
        write("people.txt", "\n"),
        write("people.txt", "7\n"),
        words=("forget", "--file", "people.txt"),
        env={"FUSION_FORGET_KEY": KEY},
    ),
    Refusal(
        "flows/steps/keep/erase.py:_read_lines",
        "people.txt",
        do=write("people.txt", "7\n"),
        words=("forget", "--file", "people.txt"),
        env={"FUSION_FORGET_KEY": KEY},
    ),
    Refusal(
        "flows/steps/keep/forgotten.py:Hasher.from_environment",
        "Make one with `python -c",
        words=("forget", "7"),
        then_env={"FUSION_FORGET_KEY": KEY},
    ),
    Refusal(
        "flows/steps/keep/forgotten.py:read_forgotten#1",
        "Set FUSION_FORGET_KEY to the",
        lambda shelf: shelf.call("forget", "7", FUSION_FORGET_KEY=KEY),
        then_env={"FUSION_FORGET_KEY": KEY},
    ),
    Refusal(
        "flows/steps/keep/forgotten.py:read_forgotten#2",
        "Set FUSION_FORGET_KEY to the",
        lambda shelf: shelf.call("forget", "7", FUSION_FORGET_KEY=KEY),
        env={"FUSION_FORGET_KEY": KEY[::-1]},
        then_env={"FUSION_FORGET_KEY": KEY},
    ),
]
OF_DATA = [
    Refusal(
        "flows/cli/lists.py:_require_new#1",
        "name another file with --export",
        write("7.json", "{}"),
        words=("person", "7", "--export", "7.json"),
        then=("person", "7", "--export", "seven.json"),
    ),
    Refusal(
        "flows/cli/lists.py:_require_new#1",
        "or remove it",
        write("7.json", "{}"),
        lambda shelf: (shelf.folder / "7.json").unlink(),
        words=("person", "7", "--export", "7.json"),
    ),
    Refusal(
        "flows/cli/lists.py:_require_new#2",
        "make it",
        do=lambda shelf: (shelf.folder / "exports").mkdir(),
        words=("person", "7", "--export", "exports/7.json"),
    ),
    Refusal(
        "flows/cli/lists.py:_require_new#2",
        "or name another with --export",
        words=("person", "7", "--export", "exports/7.json"),
        then=("person", "7", "--export", "7.json"),
    ),
    Refusal(
        "fusion/ingest/load.py:load",
        "Correct the path in [data]",
        configure('"log.csv"', '"lg.csv"'),
        configure('"lg.csv"', '"log.csv"'),
    ),
    Refusal(
        "fusion/data/splitting/folds.py:plan_folds",
        "lower [split] users",
        section('[split]\nkind = "time"\nusers = 5000'),
        configure("users = 5000", "users = 5"),
    ),
    Refusal(
        "fusion/data/splitting/folds.py:plan_folds",
        "or use kind = 'last'",
        section('[split]\nkind = "time"\nusers = 5000'),
        configure('kind = "time"', "kind = 'last'"),
    ),
    Refusal(
        "fusion/data/splitting/folds.py:plan_folds",
        "or use kind = 'random'",
        together(section('[split]\nkind = "last"'), configure('time = "time"\n', "")),
        configure('kind = "last"', "kind = 'random'"),
    ),
    Refusal(
        "fusion/data/splitting/folds.py:plan_folds",
        "name the column",
        together(section('[split]\nkind = "last"'), configure('time = "time"\n', "")),
        configure('item = "item"\n', 'item = "item"\ntime = "time"\n'),
    ),
    Refusal(
        "fusion/data/splitting/fold.py:make_plan",
        "give more history",
        keep("log.csv", lambda row: int(row["item"]) < 3),
        lambda shelf: shelf.fill(),
    ),
    Refusal(
        "fusion/data/splitting/fold.py:make_plan",
        "let [data] positive call more of it liked",
        together(
            add("data", 'positive = "weight >= 9"'),
            every(
                "log.csv",
                weight=lambda row: "9" if row["user"] == "3" and row["item"] == "2" else "1",
            ),
        ),
        configure("weight >= 9", "weight >= 1"),
    ),
]
OF_QUERIES = [
    Refusal(
        "storage/reading/frames.py:read_sql",
        "no such table: logs",
        together(to_database("data.db"), query("select * from logs")),
        configure("from logs", "from log"),
    ),
    Refusal(
        "storage/reading/frames.py:_read",
        "it must be a SELECT",
        together(to_database("data.db"), query("-- select * from log")),
        configure("-- select * from log", "select * from log"),
    ),
    Refusal(
        "storage/reading/frames.py:_known_schema",
        "give them other names with AS",
        together(to_database("data.db"), query("select *, item from log")),
        configure("*, item from", "*, item as again from"),
    ),
    Refusal(
        "storage/reading/row_frames.py:_series",
        "Cast it in the query",
        together(
            to_database("data.db"),
            mix,
            query("select * from log"),
        ),
        configure(
            "select * from log", "select cast(user as text) user, item, time, weight from log"
        ),
    ),
    Refusal(
        "storage/reading/frames.py:_make_reader#1",
        "or export the data to Parquet",
        configure('"log.csv"', '{ url = "oracle://u:p@h/d", query = "select 1" }'),
        lambda shelf: (
            pl.read_csv(shelf.folder / "log.csv").write_parquet(shelf.folder / "log.parquet"),
            shelf.configure('{ url = "oracle://u:p@h/d", query = "select 1" }', '"log.parquet"'),
        ),
    ),
    other_url("_make_reader#2", "Check the url", "postgresql://h/d?host=h:b&host=h:c"),
    other_url("_make_reader#3", "name another, as psycopg is", "sqlite+aiosqlite:///data.db"),
    other_url("_connect", "Check the url", "postgresql://u:p@a..b/d"),
]
OF_DATABASES = [
    Refusal(
        "storage/database/translation.py:_translate_sqlite#2",
        "Check the url beside the query",
        together(
            to_database("data.db"), query("select * from log"), configure("data.db", "none.db")
        ),
        configure("none.db", "data.db"),
    ),
    Refusal(
        "storage/schema/upgrade.py:upgrade",
        "Name an empty database in [storage] url",
        lambda shelf: (
            section('[storage]\nurl = "sqlite:///other.db"')(shelf),
            execute(shelf, "create table mine (placement, run_no)", file="other.db"),
            execute(
                shelf,
                "create index ix_run_placement_run_no on mine (placement)",
                file="other.db",
            ),
        ),
        configure("other.db", "empty.db"),
    ),
    Refusal(
        BLOCKED_TIMES,
        MENDS_A_TIME,
        MISSPELT_TIME,
        lambda shelf: execute(shelf, MENDS_A_TIME),
        words=("db", "upgrade"),
    ),
    Refusal(
        BLOCKED_TIMES,
        "or delete the row",
        MISSPELT_TIME,
        lambda shelf: execute(shelf, "delete from blocked_item where id = 1"),
        words=("db", "upgrade"),
    ),
    Refusal(
        "storage/schema/inspection.py:require_whole#1",
        "Restore a backup",
        together(backup("fusion.db"), statements("delete from alembic_version")),
        restore("fusion.db"),
        words=("status",),
    ),
    Refusal(
        "storage/schema/inspection.py:require_whole#3",
        "name an empty database in [storage] url",
        statements("drop view current_fallback"),
        in_another_database,
    ),
    Refusal(
        "storage/database/errors.py:unreadable",
        "or correct it by hand",
        statements(
            "insert into run (run_no, run_id, placement, kind, status, created_at)"
            " values (1, 'r', 'default', 'full', 'failed', 'soon')"
        ),
        lambda shelf: execute(shelf, "update run set created_at = '2024-01-01 00:00:00'"),
        words=("runs",),
    ),
    Refusal(
        "storage/schema/inspection.py:require_own_revision",
        "Name an empty database in [storage] url",
        lambda shelf: (
            section('[storage]\nurl = "sqlite:///other.db"')(shelf),
            execute(
                shelf,
                "create table alembic_version (version_num)",
                "insert into alembic_version values ('1975ea83b712')",
                file="other.db",
            ),
        ),
        configure("other.db", "empty.db"),
    ),
    Refusal(
        "storage/schema/upgrade.py:require_newest",
        "`fusion db upgrade` brings it up to date",
        older_database("0004"),
        lambda shelf: shelf.call("db", "upgrade"),
        words=("status",),
    ),
    Refusal(
        "storage/schema/upgrade.py:_refuse_newer",
        "or name another database in [storage] url",
        statements("update alembic_version set version_num = '9999_later'"),
        section('[storage]\nurl = "sqlite:///other.db"'),
    ),
]
REFUSALS = [*OF_COMMANDS, *OF_DATA, *OF_QUERIES, *OF_DATABASES]
