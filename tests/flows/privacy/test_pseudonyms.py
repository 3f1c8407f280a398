"""A run with pseudonyms, and with users who opted out: what it holds, and what verbs make of it."""

import shutil
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select

from flows.session import Session
from flows.steps.keep.erase import forget
from flows.steps.keep.forgotten import KEY as FORGET_KEY
from flows.steps.person.export import export_person
from flows.steps.retrain.loop import run_loop
from flows.steps.show.user_lists import is_fallback, reasons_of, user_list
from fusion import pseudonym
from fusion.errors import ConfigError
from fusion.ingest.people.pseudonyms import KEY
from storage.database.engine import writing
from storage.schema import tables
from tests.flows.calling import call_main
from tests.flows.steps.test_erase import in_files, in_sql, query
from tests.flows.world import EARLY, PERSON, make_shop

SECRET = "s" * 40


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A shop with a published run under pseudonyms, in which u3 and u7 opted out; read only."""
    folder = tmp_path_factory.mktemp("private")
    config = make_shop(folder)
    (folder / "out.txt").write_text("u3\n")
    rows = (folder / "users.csv").read_text().splitlines()
    flags = [f"{row},{'yes' if row.startswith('u7,') else 'no'}" for row in rows[1:]]
    (folder / "users.csv").write_text("\n".join([f"{rows[0]},out", *flags]) + "\n")
    settings = 'pseudonyms = true\nopt_out = "out.txt"\nuser_columns = { opt_out = "out" }\n'
    config.write_text(config.read_text().replace("[data.columns]", f"{settings}\n[data.columns]"))
    ended = call_main(folder, "run", "--as-of", EARLY, "--json", FUSION_PSEUDONYM_KEY=SECRET)
    return folder, ended


@pytest.fixture
def session(made, monkeypatch):
    monkeypatch.setenv(KEY, SECRET)
    session = Session.open(made[0] / "fusion.toml")
    yield session
    session.engine.dispose()


@pytest.fixture
def own(made, tmp_path, monkeypatch):
    """The same as a copy that the test may change."""
    monkeypatch.setenv(KEY, SECRET)
    monkeypatch.setenv(FORGET_KEY, "k" * 40)
    folder = shutil.copytree(made[0], tmp_path / "private")
    session = Session.open(folder / "fusion.toml")
    yield session
    session.engine.dispose()


def test_no_plain_id_is_anywhere(made, session):
    """Stages, run folders, reports, dashboards, SQL, what the command printed, and its logs."""
    folder, ended = made
    assert ended.code in (0, 4), ended.err
    for user in (PERSON, "u3", "u7", "u8", "u55"):
        assert in_sql(session, user) == []
        # A page's scripts hold any two letters.
        found = [file for file in in_files(session.runs, user) if not file.endswith(".html")]
        assert found == []
        assert user not in (ended.out + ended.err).replace('"', " ").replace(",", " ").split()
    assert in_files(session.runs, PERSON) == []
    assert SECRET.encode() not in b"".join(
        file.read_bytes() for file in folder.rglob("*") if file.is_file()
    )
    assert {"recommendation", "served_user"} <= set(in_sql(session, pseudonym(PERSON)))


def test_who_opted_out_is_nowhere_even_by_pseudonym(made, session):
    for user in ("u3", "u7"):
        assert in_sql(session, pseudonym(user)) == []
        assert in_files(session.runs, pseudonym(user)) == []
    users = query(session, select(func.count()).select_from(tables.served_user))[0][0]
    assert users == 89  # 90 and the stranger, without two
    manifest = query(session, select(tables.run.c.manifest))[0][0]["data"]
    assert manifest["rows"]["opted_out_users"] == 2
    assert manifest["rows"]["opted_out_interactions"] > 20
    assert manifest["key_mark"]


def test_show_takes_the_plain_id_of_who_holds_the_key(made, session):
    rows = user_list(session, PERSON)
    assert (len(rows), is_fallback(rows)) == (5, False)
    assert rows["user_id"].unique().to_list() == [pseudonym(PERSON)]
    assert len(reasons_of(session, PERSON, rows)[0])
    assert is_fallback(user_list(session, "u3"))
    shown = call_main(made[0], "show", PERSON, FUSION_PSEUDONYM_KEY=SECRET)
    assert (shown.code, f"User {PERSON}" in shown.out) == (0, True)
    refused = call_main(made[0], "show", PERSON)
    assert (refused.code, f"{KEY} is not set" in refused.err) == (2, True)


def test_person_takes_the_plain_id_too(made, session):
    found = export_person(session, PERSON)
    assert found.ids == (PERSON, pseudonym(PERSON))
    assert len(found.sql["recommendation"]) == 8
    assert any(one.rows for one in found.files)
    assert len(found.data.interactions) > 10
    assert export_person(session, "u7").data.opted_out
    assert set(export_person(session, "u7").held) == {
        "interactions of the data",
        "users table of the data",
    }
    assert call_main(made[0], "person", PERSON).code == 2


def test_verbs_that_name_nobody_need_no_key(made):
    for words in (("status",), ("runs",), ("prune", "--dry-run")):
        assert call_main(made[0], *words).code == 0


def test_another_key_trains_nothing_and_names_the_cause(own):
    ended = call_main(own.base, "train", FUSION_PSEUDONYM_KEY="t" * 40)
    assert ended.code == 2
    assert "FUSION_PSEUDONYM_KEY is another than the key" in ended.err
    assert query(own, select(func.count()).select_from(tables.run)) == [(1,)]


def test_an_application_blocks_an_item_by_pseudonym(own):
    first = user_list(own, PERSON)["item_id"][0]
    with writing(own.engine) as connection:
        values = {"placement": "default", "item_id": first, "user_id": pseudonym(PERSON)}
        connection.execute(insert(tables.blocked_item).values(values))
    assert first not in user_list(own, PERSON)["item_id"].to_list()


def test_forget_reaches_pseudonyms_and_plain_ids(own):
    with writing(own.engine) as connection:
        values = {"placement": "default", "item_id": "i1", "user_id": PERSON}
        connection.execute(insert(tables.blocked_item).values(values))
    done = forget(own, [PERSON, "u3"])
    assert done.unknown == ("u3",)
    assert done.rows["blocked_item"] == 1
    assert in_sql(own, PERSON) == in_sql(own, pseudonym(PERSON)) == []
    assert in_files(own.runs, pseudonym(PERSON)) == []
    outcome = run_loop(own, datetime.fromisoformat(EARLY).replace(tzinfo=UTC))
    assert outcome.exit_code in (0, 4)
    assert in_sql(own, pseudonym(PERSON)) == []
    rows = query(own, select(tables.run.c.manifest).order_by(tables.run.c.run_no))[-1][0]["data"]
    assert rows["rows"]["forgotten_users"] == 2  # who is forgotten counts so, opted out or not


def test_forget_needs_the_key_that_finds_them(own, monkeypatch):
    monkeypatch.delenv(KEY)
    with pytest.raises(ConfigError, match=f"{KEY} is not set"):
        forget(own, [PERSON])
    assert query(own, select(func.count()).select_from(tables.forgotten)) == [(0,)]
