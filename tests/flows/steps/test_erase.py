"""Forgetting: the id is nowhere afterwards, nobody else notices, later trainings leave it out."""

import shutil
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
import polars as pl
import pytest
from sqlalchemy import insert, inspect, select, text, update

from flows.session import Session
from flows.steps.keep import erase as module
from flows.steps.keep.erase import forget, read_people
from flows.steps.keep.forgotten import KEY, Hasher
from flows.steps.train.table_sums import folder_sums
from flows.steps.train.train import train_run
from flows.steps.watch.check import check_all
from flows.steps.watch.check_store import check_store
from flows.steps.watch.monitor import monitor_run
from fusion.core.locks.folder_lock import locked
from fusion.errors import ConfigError, DataError, Temporary
from fusion.runs.cleanup import name_of, stages
from fusion.runs.manifest_file import file_hashes, read_manifest
from storage.database.engine import writing
from storage.notifications.outbox import NewNotification, open_outbox
from storage.runs.records import add_decision
from storage.runs.runs import add_refusal, start_run
from storage.schema import tables
from tests.flows.calling import call_main
from tests.flows.steps.test_prune import Stopped
from tests.flows.world import EARLY, PERSON, STRANGER
from tests.storage.making import note_alert

SECRET = "k" * 40


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(KEY, SECRET)


def name(session, person: str) -> None:
    """Let everything that may name a person name this one.

    Blocks, alerts, decisions, moves, and checks with examples.
    """
    run = query(
        session, select(tables.run.c.run_no, tables.run.c.manifest).order_by(tables.run.c.run_no)
    )[0]
    check = {
        "name": "x",
        "holds": False,
        "message": f"2 rows break it, e.g. user {person} item i1, user u8 item i2",
    }
    check["examples"] = [{"user": person, "item": "i1"}, {"user": "u8", "item": "i2"}]
    with writing(session.engine) as connection:
        blocked = {
            "placement": "default",
            "item_id": "i1",
            "user_id": person,
            "reason": f"'{person}' asked",
        }
        connection.execute(insert(tables.blocked_item).values(blocked))
        manifest = {**run.manifest, "checks": [*run.manifest["checks"], check]}
        connection.execute(
            update(tables.run).where(tables.run.c.run_no == run.run_no).values(manifest=manifest)
        )
        connection.execute(update(tables.slot_move).values(reason=f"{person} and u77 complained"))
    add_refusal(session.engine, run.run_no, "ann", [check])
    note_alert(
        session.engine,
        run.run_no,
        "users",
        "odd",
        value=1.0,
        threshold=0.5,
        message=f"user {person} is odd",
    )
    body = {"text": f"user {person} is odd", "title": "alert"}
    with open_outbox(session.engine, "default") as outbox:
        new = NewNotification("k1", "raised", "odd", ("alert:1:alarm",), body)
        outbox.add(new, ["mark"], datetime.now(UTC))
    add_decision(session.engine, "default", True, reason=f"asked by {person}.", trigger="force")


def query(session, statement):
    with session.engine.connect() as connection:
        return connection.execute(statement).all()


def in_sql(session, person: str) -> list[str]:
    """Tables of which any cell holds the id as a word."""
    found = []
    for table in inspect(session.engine).get_table_names():
        with session.engine.connect() as connection:
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
        if has_word(
            " ".join(str(tuple(row)) for row in rows), person
        ):  # a row itself shows long texts cut short
            found.append(table)
    return sorted(found)


def has_word(content: str, person: str) -> bool:
    return not pl.Series([content]).str.contains(rf"\b{person}\b").not_()[0]


def in_files(folder: Path, person: str) -> list[str]:
    """Files that hold the id: Parquet and npz are opened, all others are read as bytes."""
    found = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        if file.suffix == ".parquet":
            texts = " ".join(map(str, pl.read_parquet(file).select(pl.selectors.string()).rows()))
        elif is_zipfile(file):
            with np.load(file) as arrays:
                texts = " ".join(
                    str(arrays[part].tolist())
                    for part in arrays.files
                    if arrays[part].dtype.kind in "US"
                )
        else:
            texts = file.read_bytes().decode("latin-1")
        if has_word(texts, person):
            found.append(str(file.relative_to(folder)))
    return found


def rows_of_others(session, person: str) -> dict[str, list]:
    """Bulk rows of everybody else."""
    wanted = (
        tables.recommendation,
        tables.served_user,
        tables.explained_user,
        tables.user_history,
    )
    return {
        table.name: sorted(
            map(repr, query(session, select(table).where(table.c.user_id != person)))
        )
        for table in wanted
    }


def by_row(session) -> dict[str, pl.DataFrame]:
    """Every Parquet file of the runs that tells users apart by row number, the number as `row`."""
    frames = {
        str(file): pl.read_parquet(file) for file in sorted(session.runs.glob("2*/**/*.parquet"))
    }
    return {
        name: frame.rename({column: "row"})
        for name, frame in frames.items()
        for column in ("user", "user_row")
        if column in frame.columns
    }


def test_a_person_is_nowhere_afterwards(own_runs):
    session = own_runs
    name(session, PERSON)
    assert in_sql(session, PERSON) == sorted(
        [
            "alert",
            "blocked_item",
            "decision",
            "explained_user",
            "notification",
            "recommendation",
            "run",
            "served_user",
            "slot_move",
            "user_history",
        ]
        + [
            f"recommendation_r{number}"
            for number in (1, 2)
            if session.engine.dialect.name == "postgresql"
        ]
    )
    assert len(in_files(session.runs, PERSON)) == 2  # ids/users.parquet of both runs
    folders = sorted(session.runs.glob("2*"))
    row = pl.read_parquet(folders[0] / "ids" / "users.parquet")["user_id"].to_list().index(PERSON)
    others, kept = rows_of_others(session, PERSON), by_row(session)
    assert {name.split("/")[-1] for name, frame in kept.items() if row in frame["row"]} >= {
        *(
            "lists.parquet",
            "served.parquet",
            "features.parquet",
            "users.parquet",
            "interactions.parquet",
        )
    }
    before = [read_manifest(folder) for folder in folders]

    done = forget(session, [PERSON])

    assert in_sql(session, PERSON) == []
    assert in_files(session.runs, PERSON) == []
    if session.engine.dialect.name == "sqlite":
        assert in_files(session.base, PERSON) == [
            "ratings.csv",
            "users.csv",
        ]  # not even in the database's free pages
    assert rows_of_others(session, PERSON) == others
    assert stages(session.runs) == []
    assert (done.unknown, set(done.runs)) == ((), {folder.name for folder in folders})
    assert done.rows["recommendation"] == 2 * 8
    assert done.rows["blocked_item"] == 1
    for file, frame in by_row(session).items():
        assert frame.equals(kept[file].filter(pl.col("row") != row)), file
    for folder, old in zip(folders, before, strict=True):
        ids = pl.read_parquet(folder / "ids" / "users.parquet")["user_id"]
        assert (ids[row], ids.null_count()) == (None, 1)
        manifest = read_manifest(folder)
        assert manifest["files"] == {name: file_hashes(folder)[name] for name in old["files"]}
        changed = {name for name, one in manifest["files"].items() if one != old["files"][name]}
        assert (
            set(manifest["amended"][0]["files"])
            == changed
            >= {"lists.parquet", "ids/users.parquet", "served.parquet"}
        )
        assert {**manifest, "files": 0, "amended": 0} == {**old, "files": 0, "amended": 0}
        stored = query(
            session, select(tables.run.c.manifest).where(tables.run.c.run_id == folder.name)
        )[0][0]
        assert stored["amended"] == manifest["amended"]
        assert stored["tables"] == folder_sums(folder)
    assert check_store(session) == []
    assert (
        query(session, select(tables.slot_move.c.reason))[0][0] == "(forgotten) and u77 complained"
    )
    monitor_run(session)
    again = forget(session, [PERSON])
    assert (again.unknown, again.runs, sum(again.rows.values())) == ((), (), 0)
    assert [len(read_manifest(folder)["amended"]) for folder in folders] == [1, 1]
    first = query(session, select(tables.run.c.manifest).order_by(tables.run.c.run_no))[0][0]
    assert [(one["by"], one["checks"][0]["name"]) for one in first["refusals"]] == [("ann", "x")]


@pytest.mark.parametrize("name", ["ids/users.parquet", "titles.parquet", "lists.parquet"])
def test_a_damaged_run_folder_is_named_and_without_it_forgetting_goes_on(name, own_shop):
    session = Session.open(own_shop / "fusion.toml")
    folder = sorted(session.runs.glob("2*"))[0]
    (folder / name).write_bytes((folder / name).read_bytes()[:100])
    with pytest.raises(DataError, match=f"{name} cannot be searched for people.*remove the folder"):
        forget(session, [PERSON])
    shutil.rmtree(folder)
    assert forget(session, [PERSON]).unknown == ()
    assert in_files(session.runs, PERSON) == in_sql(session, PERSON) == []
    session.engine.dispose()


def test_a_missing_file_that_names_nobody_stays_missed_and_lists_lose_their_checksums(own_shop):
    session = Session.open(own_shop / "fusion.toml")
    folder = sorted(session.runs.glob("2*"))[1]
    (folder / "ids" / "items.parquet").unlink()
    assert forget(session, [PERSON]).unknown == ()
    assert in_files(session.runs, PERSON) == in_sql(session, PERSON) == []
    (found,) = check_store(session)
    assert (found.code, "ids/items.parquet" in found.message) == ("damaged_run", True)
    stored = query(session, select(tables.run.c.manifest).order_by(tables.run.c.run_no))
    assert ["tables" in manifest for (manifest,) in stored] == [True, False]
    session.engine.dispose()


def test_the_next_run_leaves_the_person_out_and_says_so(own_runs):
    forget(own_runs, [PERSON, STRANGER])
    trained = train_run(own_runs, datetime.fromisoformat(EARLY).replace(tzinfo=UTC))
    assert in_files(own_runs.runs, PERSON) == in_files(own_runs.runs, STRANGER) == []
    assert in_sql(own_runs, PERSON) == []
    data = trained.manifest["data"]
    assert data["users"] == 89
    assert (data["rows"]["forgotten_interactions"] > 10, data["rows"]["forgotten_users"]) == (
        True,
        2,
    )
    found = [one for one in data["findings"] if one["code"] == "forgotten_users"]
    assert [one["subject"] for one in found] == ["users", "interactions"]
    assert "rows of 1 people who were forgotten are left out" in found[1]["message"]


class TestWithoutTheRightKey:
    @pytest.fixture
    def session(self, own_shop):
        session = Session.open(own_shop / "fusion.toml", by="bea")
        yield session
        session.engine.dispose()

    def test_nobody_is_forgotten(self, own_shop):
        ended = call_main(own_shop, "forget", PERSON)
        assert ended.code == 2
        assert f"{KEY} is not set" in ended.err
        assert "token_hex(32)" in ended.err
        short = call_main(own_shop, "forget", PERSON, **{KEY: "short"})
        assert (short.code, "has 5 characters, 32 are needed" in short.err) == (2, True)
        session = Session.open(own_shop / "fusion.toml")
        assert "served_user" in in_sql(session, PERSON)
        session.engine.dispose()

    def test_nothing_is_trained_and_check_says_why(self, session, monkeypatch):
        forget(session, [PERSON])
        for value, message in (
            ("", "1 people are forgotten .* is not set"),
            ("z" * 40, "another FUSION_FORGET_KEY"),
        ):
            monkeypatch.setenv(KEY, value)
            for refused in (partial(train_run, session), partial(forget, session, ["u8"])):
                with pytest.raises(ConfigError, match=message) as stopped:
                    refused()
                # A new key would be refused by the next command.
                assert "token_hex" not in str(stopped.value)
                assert "Set FUSION_FORGET_KEY to the key" in str(stopped.value)
            (finding,) = (one for one in check_all(session) if one.severity == "error")
            assert finding.code == "forget_key"
            assert "token_hex" not in finding.message
        assert SECRET not in repr(Hasher.from_environment())
        # The advice is the cure.
        monkeypatch.setenv(KEY, SECRET)
        assert [one for one in check_all(session) if one.severity == "error"] == []


def test_only_line_feeds_end_an_id_of_a_file(tmp_path):
    """Python knows ten ends of lines; after nine of them would stand somebody else's id."""
    people = tmp_path / "people.txt"
    odd = [f"u1{letter}u2" for letter in "\v\f\x1c\x1d\x1e\x85\u2028\u2029\r"]
    people.write_bytes("\n".join([*odd, "u3\r", "", "u4"]).encode())
    assert read_people(None, people) == [*odd, "u3", "u4"]


def test_an_unknown_person_is_named_and_left_out_later(own_shop, tmp_path):
    people = tmp_path / "people.txt"
    people.write_text(f"\ufeff{PERSON}\nnobody 'there'\n\n{PERSON}\n", encoding="utf-8")
    ended = call_main(own_shop, "forget", "--file", str(people), "--json", **{KEY: SECRET})
    assert (ended.code, ended.json["people"], ended.json["unknown"]) == (
        2,
        2,
        ["nobody 'there'"],
    ), ended.err
    session = Session.open(own_shop / "fusion.toml")
    assert in_sql(session, PERSON) == in_files(session.runs, PERSON) == []
    assert len(query(session, select(tables.forgotten))) == 2
    session.engine.dispose()
    again = call_main(own_shop, "forget", "nobody 'there'", **{KEY: SECRET})
    assert again.code == 0  # forgotten already
    assert "Out of reach" in again.out
    assert call_main(own_shop, "forget", **{KEY: SECRET}).code == 2


def test_stages_of_runs_that_never_knew_the_person_stay(own_shop):
    session = Session.open(own_shop / "fusion.toml")
    before = {name_of(stage) for stage in stages(session.runs)}
    (session.runs / "store" / "fit" / ("f" * 16)).mkdir()
    assert forget(session, ["nobody"]).unknown == ("nobody",)
    assert {name_of(stage) for stage in stages(session.runs)} == before
    session.engine.dispose()


def test_a_training_that_may_have_read_the_person_comes_first(own_shop):
    session = Session.open(own_shop / "fusion.toml")
    with (
        locked(session.runs, "training of placement 'mail'"),
        pytest.raises(Temporary, match="run `fusion forget` again"),
    ):
        forget(session, [PERSON])
    start_run(
        session.engine, "mail", "mail", kind="full", as_of=None, data_hash="d", config_hash="c"
    )
    with pytest.raises(Temporary, match=r"a training \(mail\) is at work"):
        forget(session, [PERSON])
    assert (
        len(query(session, select(tables.forgotten))) == 1
    )  # whoever trains from now on leaves the person out
    session.engine.dispose()


def test_a_training_that_read_the_person_before_ends_itself(own_shop, monkeypatch):
    session = Session.open(own_shop / "fusion.toml")
    from flows.steps.train import train

    begun = train.start_run

    def forgotten_meanwhile(*given, **named):
        # The training holds its folder: the erasure has to come again, but it is noted.
        with pytest.raises(Temporary, match="run `fusion forget` again"):
            forget(session, [PERSON])
        return begun(*given, **named)

    monkeypatch.setattr(train, "start_run", forgotten_meanwhile)
    with pytest.raises(Temporary, match="forgotten while the data was read"):
        train_run(session)
    forget(session, [PERSON])
    assert in_sql(session, PERSON) == in_files(session.runs, PERSON) == []
    session.engine.dispose()


def the_last_thing(real):
    """The function, after which nothing happens any more."""

    def stopping(*given):
        real(*given)
        raise Stopped

    return stopping


def test_stopped_anywhere_the_next_call_finishes(own_shop, tmp_path, monkeypatch):
    for place in (
        "remove_folder",
        "forget_rows",
        "forget_in",
        "amend_manifest",
        "amend_texts",
        "vacuum",
    ):
        copy = shutil.copytree(own_shop, tmp_path / place)
        session = Session.open(copy / "fusion.toml")
        with monkeypatch.context() as patch:
            patch.setattr(module, place, the_last_thing(getattr(module, place)))
            with pytest.raises(Stopped):
                forget(session, [PERSON])
        assert forget(session, [PERSON]).unknown == ()
        assert in_sql(session, PERSON) == in_files(session.runs, PERSON) == [], place
        assert stages(session.runs) == [], place
        for folder in session.runs.glob("2*"):
            manifest = read_manifest(folder)
            assert manifest["files"] == {
                name: file_hashes(folder)[name] for name in manifest["files"]
            }, place
            stored = query(
                session, select(tables.run.c.manifest).where(tables.run.c.run_id == folder.name)
            )[0][0]
            assert stored["amended"] == manifest["amended"], place
            assert len(manifest["amended"]) == 1, place
        session.engine.dispose()


def test_stopped_between_the_files_of_a_run_the_next_call_finishes(own_shop, monkeypatch):
    from fusion.runs import erasure as files

    session = Session.open(own_shop / "fusion.toml")
    cut, calls = files._cut, []

    def third(*given):
        if len(calls) == 3:
            raise Stopped
        calls.append(given)
        cut(*given)

    with monkeypatch.context() as patch:
        patch.setattr(files, "_cut", third)
        with pytest.raises(Stopped):
            forget(session, [PERSON])
    forget(session, [PERSON])
    assert in_files(session.runs, PERSON) == []
    for folder in session.runs.glob("2*"):
        manifest = read_manifest(folder)
        assert manifest["files"] == {name: file_hashes(folder)[name] for name in manifest["files"]}
        assert list(folder.rglob("*.new")) == []
    session.engine.dispose()
