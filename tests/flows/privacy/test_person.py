"""`fusion person`: each place that holds somebody is found, and nothing is found of nobody."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sqlalchemy import JSON, insert

from dashboards.evidently.workspace import snapshots
from flows.session import Session
from flows.steps.keep.erase import forget
from flows.steps.keep.forgotten import KEY as FORGET_KEY
from flows.steps.keep.forgotten import read_forgotten
from flows.steps.person.data_rows import rows_in_data
from flows.steps.person.export import export_person
from flows.steps.person.run_files import LEARNED
from fusion.ingest.load import load
from fusion.runs.cleanup import QUERY_VECTORS, run_folders
from fusion.runs.erasure import people_in
from storage.database.engine import writing
from storage.runs.erasure import SENTENCES
from storage.schema import tables
from tests.flows.calling import call_main
from tests.flows.steps.test_erase import by_row, in_files, in_sql, name
from tests.flows.world import PERSON, STRANGER, events

OF_USERS = {"recommendation", "served_user", "explained_user", "user_history", "blocked_item"}
"""Tables whose rows are of users, by `user_id`."""
NAMING = {"run", "slot", "slot_move", "blocked_item", "alert", "decision", "notification"}
"""Tables with sentences or documents, which may name anybody."""
OF_NOBODY = {
    "fallback": "lists of segments",
    "metric": "figures of many together",
    "lease": "hosts and processes of trainings",
    "forgotten": "keyed hashes; the export says whether one is theirs",
    "realised": "figures of many together",
    "delivery": "what became of messages at receivers, and why in words of ours",
    "diagnosis": "figures of many together; sentences name columns, sources and rules",
    "watch": "figures of many together",
    "watch_figure": "figures of many together, and counts by value of declared features",
}
KINDS = {".parquet", ".npz", ".json", ".txt", ".html", ".lock", ""}
"""Endings of files below the artifacts; a new one needs a look at whether a search finds ids in it.
"""


def test_every_table_is_searched_or_holds_nobody():
    """A new table fails here until somebody says which it is."""
    assert {table.name for table in tables.metadata.sorted_tables} == OF_USERS | NAMING | set(
        OF_NOBODY
    )
    with_users, with_texts = set(), set()
    for table in tables.metadata.sorted_tables:
        for column in table.c:
            if "user" in column.name and f"{table.name}.{column.name}" != "realised.users":
                assert column.name == "user_id", f"{table.name}.{column.name} is not searched"
                with_users.add(table.name)
            if isinstance(column.type, JSON) or column.name in SENTENCES:
                with_texts.add(table.name)
    assert with_users == OF_USERS
    # Reasons of explanations say why of an item, by methods; histories name items; watches count
    # values of features, a sequence holds sums over users' days, and causes are figures of runs.
    counted = {"explained_user", "user_history", "realised", "watch", "watch_figure", "diagnosis"}
    assert with_texts - counted == NAMING


def test_every_row_and_text_of_sql_is_found(own_runs):
    name(own_runs, PERSON)
    with writing(own_runs.engine) as connection:
        other = {"run_id": "20260101-000000-aaaaaa", "placement": "mail", "kind": "full"}
        other |= {"status": "failed", "created_at": datetime(2026, 1, 1, tzinfo=UTC)}
        added = connection.execute(insert(tables.run).values(other))
        run_no = added.inserted_primary_key[0]
        served = {"run_no": run_no, "user_id": PERSON, "route": "warm"}
        connection.execute(insert(tables.served_user).values(served))
    found = export_person(own_runs, PERSON)
    holding = {table for table, rows in found.sql.items() if rows}
    holding |= {text.table for text in found.texts}
    partitions = {table for table in in_sql(own_runs, PERSON) if "recommendation_r" in table}
    assert holding == set(in_sql(own_runs, PERSON)) - partitions == OF_USERS | NAMING - {"slot"}
    assert {row["run_no"] for row in found.sql["served_user"]} == {1, 2, run_no}
    assert len(found.sql["recommendation"]) == 2 * 8
    assert found.sql["blocked_item"][0]["item_id"] == "i1"
    assert "asked by person-4711." in [text.content for text in found.texts]


def test_every_file_with_rows_of_theirs_is_found(two_runs):
    """In run folders and stages, by row number; the count is made another way."""
    found = export_person(two_runs, PERSON)
    rows = {str(one.path): len(one.rows) for one in found.files if one.rows}
    for folder in run_folders(two_runs.runs).values():
        (row,) = people_in(folder, [PERSON]).values()
        theirs = {
            file: (frame["row"] == row).sum()
            for file, frame in by_row(two_runs).items()
            if Path(file).is_relative_to(folder)
        }
        assert {file: n for file, n in theirs.items() if n} == {
            file: n
            for file, n in rows.items()
            if Path(file).is_relative_to(folder) and not file.endswith("ids/users.parquet")
        }
        assert rows[str(folder / "ids" / "users.parquet")] == 1
    (lists,) = (one for one in found.files if one.path == folder / "lists.parquet")
    ids = [row["item_id"] for row in found.sql["recommendation"] if row["run_no"] == 2]
    assert [row["item"] for row in lists.rows] == ids
    stages = [one.path.parts[-3] for one in found.files if one.rows and "store" in one.path.parts]
    assert {"lists", "table"} <= set(stages)
    fits = {one.path for one in found.files if one.how == LEARNED}
    assert fits >= set((two_runs.runs / "store" / "fit").rglob("*.npz"))


def test_a_file_of_any_kind_that_names_them_is_found(own_shop):
    session = Session.open(own_shop / "fusion.toml")
    runs = session.runs
    assert {file.suffix for file in runs.rglob("*") if file.is_file()} <= KINDS
    folder = next(iter(run_folders(runs).values()))
    figures, *_ = snapshots(session.workspace, "default", folder.name)
    figures.write_text(json.dumps({"metrics": [{"by": [PERSON]}]}))
    (folder / "report" / "drift.json").write_text(json.dumps({PERSON: 1}))
    (folder / "report" / "drift.html").write_text(f"<td>{PERSON}</td>")
    (folder / "ranker" / "ranker-0.txt").write_text(f"feature={PERSON} 1")
    (runs / "cut.json").write_text(f'{{"a": "{PERSON}')
    np.savez(runs / "texts.npz", numbers=np.arange(9), ids=np.array(["u1", PERSON]))
    np.save(runs / "texts.npy", np.array([PERSON]))
    (runs / "unknown.bin").write_bytes(b"\xff\0" + PERSON.encode() + b"\0")
    draft = runs / ".20260101-000000-aaaaaa.1" / "quarantine"
    draft.mkdir(parents=True)
    frame = pl.DataFrame({"who": ["u1", PERSON], "n": [1, 2]})
    frame.write_parquet(draft / "rows.parquet")
    # That one is the test's own look at files, which knows no arrays by themselves.
    named = {runs / file for file in in_files(runs, PERSON)} | {runs / "texts.npy"}
    assert len(named) == 11
    found = {one.path: one for one in export_person(session, PERSON).files}
    assert named <= set(found)
    assert found[draft / "rows.parquet"].rows == [{"who": PERSON, "n": 2}]
    others = {one.path for one in export_person(session, "person-4").files}
    assert others == set()
    session.engine.dispose()


def test_plain_numbers_are_told_from_ids(own_shop):
    session = Session.open(own_shop / "fusion.toml")
    (session.runs / "a.json").write_text('{"rows": 42, "text": "42 rows"}')
    (session.runs / "b.json").write_text('{"user": "42"}')
    (session.runs / "c.txt").write_text("of user 42 alone")
    found = {one.path.name for one in export_person(session, "42").files}
    assert found == {"b.json", "c.txt"}
    session.engine.dispose()


def test_rows_of_the_data_have_every_column(own_shop):
    mine = [row for row in events() if row[0] == PERSON]
    session = Session.open(own_shop / "fusion.toml")
    (own_shop / "users.csv").write_text(f"userId,club,phone\nu1,red,1\n{PERSON},blue,555\n")
    rows = rows_in_data(session, PERSON)
    assert [
        (row["userId"], row["movieId"], int(row["timestamp"]), int(row["rating"]))
        for row in rows.interactions
    ] == mine
    assert rows.users == [{"row": 2, "userId": PERSON, "club": "blue", "phone": "555"}]
    assert (rows.unread, rows.opted_out) == ([], False)
    (own_shop / "ratings.csv").unlink()
    (own_shop / "users.csv").write_text(f"userId,club,out\n{PERSON},blue,yes\n")
    config = (own_shop / "fusion.toml").read_text()
    out = 'opt_out = "gone.txt"\nuser_columns = { opt_out = "out" }\n'
    (own_shop / "fusion.toml").write_text(config.replace("[data.columns]", f"{out}[data.columns]"))
    rows = rows_in_data(Session.open(own_shop / "fusion.toml"), PERSON)
    assert (rows.interactions, rows.opted_out) == ([], True)
    assert [sentence[:12] for sentence in rows.unread] == ["interactions", "error opt_ou"]
    session.engine.dispose()


def test_ids_are_read_as_a_training_reads_them(tmp_path):
    """7.0 of a column with holes is 7."""
    frame = pl.DataFrame({"user": [7.0, None, 8.0], "item": [1, 2, 3], "mood": ["a", "b", "c"]})
    frame.write_parquet(tmp_path / "log.parquet")
    (tmp_path / "fusion.toml").write_text('[data]\ninteractions = "log.parquet"\n')
    rows = rows_in_data(Session.open(tmp_path / "fusion.toml"), "7").interactions
    assert rows == [{"row": 1, "user": 7.0, "item": 1, "mood": "a"}]


class TestVerb:
    def test_nothing_is_held_of_nobody(self, shop):
        ended = call_main(shop, "person", "nobody")
        assert (ended.code, "Nothing is held of user 'nobody'." in ended.out) == (0, True)
        found = call_main(shop, "person", "nobody", "--json").json
        assert (found["held"], found["files"], found["texts"]) == ({}, [], [])

    def test_a_user_of_the_users_table_alone(self, shop):
        held = call_main(shop, "person", STRANGER, "--json").json["held"]
        assert held["users table of the data"] == 1
        assert "interactions of the data" not in held

    def test_export_to_a_file_and_to_stdout(self, shop, tmp_path):
        file = tmp_path / "person.json"
        ended = call_main(shop, "person", PERSON, "--export", str(file))
        assert (ended.code, f"Wrote {file}." in ended.out) == (0, True)
        written = json.loads(file.read_text())
        shown = call_main(shop, "person", PERSON, "--export", "-").json
        assert {**written, "at": 0} == {**shown, "at": 0}
        assert written["held"]["SQL table recommendation"] == 16
        again = call_main(shop, "person", PERSON, "--export", str(file))
        assert (again.code, "exists; name another" in again.err) == (2, True)

    def test_what_cannot_be_read_is_named(self, own_shop):
        ids = next(own_shop.glob("runs/2*/ids/users.parquet"))
        ids.write_bytes(b"damaged")
        ended = call_main(own_shop, "person", PERSON)
        assert (ended.code, f"run {ids.parts[-3]}" in ended.out) == (2, True)

    def test_who_was_forgotten_is_held_by_the_data_alone(self, own_shop, monkeypatch):
        monkeypatch.setenv(FORGET_KEY, "k" * 40)
        session = Session.open(own_shop / "fusion.toml")
        assert export_person(session, PERSON).forgotten is False
        forget(session, [PERSON])
        found = export_person(session, PERSON)
        assert set(found.held) == {"interactions of the data", "users table of the data"}
        assert (found.forgotten, export_person(session, "u8").forgotten) == (True, False)
        monkeypatch.delenv(FORGET_KEY)
        assert export_person(session, PERSON).forgotten is None
        session.engine.dispose()


@pytest.mark.parametrize("kind", ["lists", "matrix"])
def test_their_vectors_are_found_and_go(own_shop, monkeypatch, kind):
    monkeypatch.setenv(FORGET_KEY, "k" * 40)
    ids, vectors = ["u1", PERSON, "u3"], [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    frame = pl.DataFrame({"userId": ids, "vector": vectors, "model": ["a", "b", "c"]})
    frame.write_parquet(own_shop / "faces.parquet")
    np.save(own_shop / "faces.npy", np.array(vectors))
    (own_shop / "faces.txt").write_text("\n".join(ids))
    entry = {"lists": '"faces.parquet"', "matrix": '"faces.npy", ids = "faces.txt"'}[kind]
    config = (own_shop / "fusion.toml").read_text()
    named = f'vectors = [{{ of = "users", path = {entry} }}]\n[data.columns]'
    (own_shop / "fusion.toml").write_text(config.replace("[data.columns]", named))
    session = Session.open(own_shop / "fusion.toml")
    [found] = rows_in_data(session, PERSON).vectors
    whole = {"userId": PERSON, "model": "b"} if kind == "lists" else {}
    assert found == {"name": "faces", "row": 2, "vector": [0.5, 0.5], **whole}
    exported = export_person(session, PERSON)
    assert exported.held["vectors of the data"] == 1
    assert exported.as_dict()["data"]["vectors"] == [found]
    forget(session, [PERSON])
    later = load(session.config.data, session.base, left_out=read_forgotten(session.engine))
    assert later.notes["forgotten_vectors_faces"] == 1
    assert PERSON not in later.dataset.user_ids.values.to_list()
    assert later.dataset.user_vectors["faces"].any(axis=1).sum() == 2
    session.engine.dispose()


def test_what_they_wrote_is_found_and_its_vectors_go(own_shop, monkeypatch):
    monkeypatch.setenv(FORGET_KEY, "k" * 40)
    (own_shop / "said.csv").write_text(
        f"userId,text,timestamp\n{PERSON},a secret wish,1500000000\nu1,tea,1500000000\n"
    )
    config = (own_shop / "fusion.toml").read_text()
    config = config.replace("[data.columns]", 'queries = "said.csv"\n[data.columns]')
    (own_shop / "fusion.toml").write_text(config)
    session = Session.open(own_shop / "fusion.toml")
    wrote = rows_in_data(session, PERSON).queries
    assert [(row["userId"], row["text"]) for row in wrote] == [(PERSON, "a secret wish")]
    assert export_person(session, PERSON).held["queries of the data"] == 1
    # Under hashes of texts, which nothing says whose they are.
    cached = session.runs / "store" / QUERY_VECTORS / "0123456789abcdef" / "keys.bin"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"\0" * 20)
    forget(session, [PERSON])
    assert not (session.runs / "store" / QUERY_VECTORS).exists()
    later = load(session.config.data, session.base, left_out=read_forgotten(session.engine))
    assert later.notes["forgotten_queries"] == 1
    assert later.dataset.queries.words.to_list() == ["tea"]
    session.engine.dispose()
