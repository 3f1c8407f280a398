"""Verbs that look make and change no database; `fusion db` says what it holds, and upgrades it."""

import sqlite3
from contextlib import closing

import pytest
from alembic import command
from sqlalchemy import NullPool, create_engine, text

from storage import StorageSettings, connect
from storage.database.engine import make_engine, writing
from storage.database.urls import storage_url
from storage.schema.tables import HEAD
from storage.schema.upgrade import alembic_config
from tests.flows.calling import call
from tests.flows.world import database, make_shop

LOOKS = {
    "status": ("status",),
    "runs": ("runs",),
    "show": ("show", "u1"),
    "diff": ("diff", "live", "challenger"),
    "check": ("check",),
}
"""Verbs that look, as they are typed."""
WRITES = {
    "run": ("run",),
    "train": ("train",),
    "retrain": ("retrain",),
    "publish": ("publish", "live"),
    "monitor": ("monitor",),
    "approve": ("approve",),
    "reject": ("reject", "--why", "odd"),
    "rollback": ("rollback",),
    "unfreeze": ("unfreeze",),
    "prune": ("prune",),
    "forget": ("forget", "u1"),
}
"""Verbs that write: none of them upgrades an older database."""
KEY = "a key of thirty-two characters or more"


def at_revision(url: str, revision: str) -> None:
    """Make a database as an earlier version of fusion did."""
    engine = make_engine(storage_url(url))
    with writing(engine) as connection:
        command.upgrade(alembic_config(connection), revision)
    engine.dispose()


def content(folder) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def fresh(tmp_path):
    """A shop without a database."""
    return make_shop(tmp_path / "shop").parent


@pytest.mark.parametrize("verb", LOOKS)
def test_a_verb_that_looks_makes_no_database(fresh, verb):
    before = content(fresh)
    ended = call(fresh, *LOOKS[verb])
    assert content(fresh) == before
    said = ended.out + ended.message
    code, sentence = {
        "status": (0, "Nothing is live in placement 'default'. `fusion run` trains"),
        "runs": (0, "run "),
        "show": (2, "is not there: `fusion run` makes it"),
        "diff": (2, "is not there: `fusion run` makes it"),
        "check": (0, ""),
    }[verb]
    assert ended.code == code, said
    assert sentence in said


def test_check_notices_a_folder_in_which_no_database_can_be_made(fresh):
    ended = call(fresh, "check", "--json", FUSION_STORAGE__URL="sqlite:///none/x.db")
    first = ended.json["findings"][0]
    assert first["code"] == "no_database"
    assert "none must exist and be writable" in first["message"]
    assert not (fresh / "none").exists()


@pytest.mark.parametrize("verb", [*LOOKS, *WRITES])
@pytest.mark.parametrize("revision", ["0003", "0999"])
def test_no_verb_upgrades_a_database_unasked(fresh, verb, revision):
    at_revision(database(fresh), "0003")
    with closing(sqlite3.connect(fresh / "fusion.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    before = content(fresh)["fusion.db"]
    ended = call(fresh, *(LOOKS | WRITES)[verb], FUSION_FORGET_KEY=KEY)
    assert ended.code == 2
    said = ended.out + ended.message
    if revision == "0003":
        assert "of an older fusion" in said
        assert "`fusion db upgrade`" in said
    else:
        assert "of a newer fusion" in said
    assert content(fresh)["fusion.db"] == before


def test_upgrade_makes_a_database_and_brings_an_older_one_up_to_date(fresh):
    asked = call(fresh, "db", "--json").json
    assert (asked["revision"], asked["bytes"], asked["ok"]) == (None, None, True)
    assert not (fresh / "fusion.db").exists()
    made = call(fresh, "db", "upgrade", "--json").json
    assert (made["revision"], made["upgraded_from"], made["ok"]) == (HEAD, None, True)
    (fresh / "fusion.db").unlink()
    at_revision(database(fresh), "0003")
    asked = call(fresh, "db", "status")
    assert asked.code == 2
    assert f"revision 0003; this version of fusion needs {HEAD}: `fusion db upgrade`" in asked.out
    done = call(fresh, "db", "upgrade", "--json").json
    assert (done["revision"], done["upgraded_from"], done["ok"]) == (HEAD, "0003", True)
    assert call(fresh, "status").code == 0
    assert call(fresh, "db").out.count("\n") == 3


def test_status_names_all_that_is_wrong(own_shop):
    whole = call(own_shop, "db", "--json")
    assert (whole.code, whole.json["ok"], whole.json["bad_rows"]) == (0, True, [])
    assert whole.json["bytes"] > 10_000
    with closing(sqlite3.connect(own_shop / "fusion.db")) as file, file:
        file.execute("CREATE TABLE notes (x)")
        file.execute("UPDATE run SET created_at = 'last week' WHERE run_no = 1")
        file.execute("UPDATE run SET verdict = '[1' WHERE run_no = 2")
        file.execute("INSERT INTO metric VALUES (77, 'als', 'all', 'ndcg', 10, 1, 1, 1)")
        file.execute("DELETE FROM slot")
    ended = call(own_shop, "db", "--json")
    assert (ended.code, ended.json["ok"]) == (2, False)
    assert (ended.json["missing"], ended.json["foreign"]) == ([], ["notes"])
    named = {(row["table"], row["row"]): row["problem"] for row in ended.json["bad_rows"]}
    assert named["run", "run_no = 1"] == "created_at holds 'last week' where a time stands"
    assert named["run", "run_no = 2"] == "verdict holds '[1' where a JSON object stands"
    assert named["metric", "run_no = 77"] == "points at a run that has no row"
    lost = named["slot", "placement = 'default', name = 'live'"]
    assert "shows no run, though its history ends at run" in lost
    shown = call(own_shop, "db").out
    assert "run, run_no = 1: created_at holds 'last week'" in shown
    assert "not of fusion: notes" in shown
    with closing(sqlite3.connect(own_shop / "fusion.db")) as file, file:
        file.execute("DROP VIEW current_fallback")
        file.execute("DROP TABLE decision")
        file.execute("ALTER TABLE alert RENAME COLUMN message TO words")
    ended = call(own_shop, "db", "--json")
    missing = {"table decision", "column alert.message", "view current_fallback"}
    assert set(ended.json["missing"]) == missing
    shown = call(own_shop, "db").out
    assert "missing: table decision" in shown
    assert "`fusion publish --from-folder RUN`" in shown


@pytest.mark.postgres
def test_on_postgresql_too(bare, postgres_url, tmp_path):
    env = {"FUSION_STORAGE__URL": postgres_url, "FUSION_STORAGE__SCHEMA": "shop"}
    admin = create_engine(postgres_url, poolclass=NullPool)

    def schemas() -> int:
        statement = "SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'"
        with admin.connect() as connection:
            return int(connection.scalar(text(statement)) or 0)

    for verb, words in LOOKS.items():
        assert call(bare, *words, **env).code == (2 if verb in ("show", "diff") else 0), verb
    assert call(bare, "db", "--json", **env).json["revision"] is None
    assert schemas() == 0
    made = call(bare, "db", "upgrade", "--json", **env).json
    assert (made["revision"], made["schema"], made["ok"]) == (HEAD, "shop", True)
    with admin.begin() as connection:
        connection.execute(text("CREATE TABLE shop.notes (x int)"))
        connection.execute(text("CREATE VIEW shop.looks AS SELECT 1 AS one"))
        connection.execute(text("DROP TABLE shop.explained_user, shop.alert CASCADE"))
        connection.execute(
            text(
                "INSERT INTO shop.decision (id, at, placement, due, reason, trigger) "
                "VALUES (1, 'infinity', 'default', true, 'old', 'age')"
            )
        )
    asked = call(bare, "db", "--json", **env)
    assert asked.code == 2
    gone = {"table explained_user", "view explanation", "table alert", "view run_overview"}
    assert set(asked.json["missing"]) == gone
    assert asked.json["foreign"] == ["looks", "notes"]
    assert asked.json["bytes"] > 100_000
    (bad,) = asked.json["bad_rows"]
    assert (bad["table"], bad["row"]) == ("decision", "id = 1")
    assert bad["problem"].startswith("at holds what cannot be read: timestamp too large")


@pytest.mark.postgres
def test_check_asks_whether_tables_may_be_made(bare, postgres_url):
    admin = create_engine(postgres_url, poolclass=NullPool)
    with admin.begin() as connection:
        connection.execute(text("CREATE ROLE stranger_db LOGIN PASSWORD 'x'"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    url = storage_url(postgres_url).set(username="stranger_db", password="x")
    env = {"FUSION_STORAGE__URL": url.render_as_string(hide_password=False)}
    ended = call(bare, "check", "--json", **env)
    with admin.begin() as connection:
        connection.execute(text("DROP ROLE stranger_db"))
    first = ended.json["findings"][0]
    assert first["code"] == "no_database"
    assert "may make no tables in it. Grant CREATE" in first["message"]


def test_a_database_of_another_program(fresh):
    with closing(sqlite3.connect(fresh / "fusion.db")) as file, file:
        file.execute("CREATE TABLE alembic_version (version_num)")
        file.execute("INSERT INTO alembic_version VALUES ('1975ea83b712')")
        file.execute("CREATE TABLE orders (x)")
    ended = call(fresh, "run")
    assert ended.code == 2
    assert "is at revision '1975ea83b712' of another program" in ended.message


def test_a_reader_cannot_write(own_shop):
    settings = StorageSettings(url=database(own_shop))
    engine = connect(settings, read_only=True)
    with pytest.raises(Exception, match="cannot be written"), writing(engine) as connection:
        connection.execute(text("DELETE FROM decision"))
    engine.dispose()
    assert sorted(file.name for file in own_shop.glob("fusion.db*")) == ["fusion.db"]
