"""A run whose folder is whole is loaded into SQL without training: lost rows, a lost database."""

import shutil
from datetime import UTC, datetime

import pytest
from sqlalchemy import NullPool, create_engine, text

from flows.session import Session
from flows.steps.keep.forgotten import KEY as FORGET_KEY
from storage.reading.list_sums import changed_lists
from storage.runs.runs import find_run
from tests.flows.calling import call
from tests.flows.world import database, live_lists

TABLES = ("recommendation", "served_user", "fallback", "explained_user", "metric")
KEY = "a key of thirty-two characters or more"


def stored(url: str, run_id: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of a run, by table, without its number."""
    engine = create_engine(url, poolclass=NullPool)
    rows = {}
    with engine.connect() as connection:
        for table in TABLES:
            statement = (
                f"SELECT {table}.* FROM {table} JOIN run ON run.run_no = {table}.run_no "
                "WHERE run.run_id = :run_id"
            )
            found = connection.execute(text(statement), {"run_id": run_id})
            rows[table] = sorted((tuple(row)[1:] for row in found), key=repr)
    return rows


def execute(url: str, statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements.split(";"):
            connection.execute(text(statement))


def ids(folder) -> list[str]:
    """Ids of the runs of a shop, the live one last."""
    return sorted(file.parent.name for file in (folder / "runs").glob("2*/manifest.json"))


def test_after_a_lost_database_a_run_comes_back_from_its_folder(own_shop):
    url, (_, run_id) = database(own_shop), ids(own_shop)
    before, lists = stored(url, run_id), live_lists(url)
    (own_shop / "fusion.db").unlink()
    missing = call(own_shop, "publish", run_id)
    assert missing.code == 2
    assert not (own_shop / "fusion.db").exists()
    published = call(own_shop, "publish", "--from-folder", run_id, "--json")
    assert published.code == 0, published.message
    assert published.json["run_id"] == run_id
    after = stored(url, run_id)
    # Figures of monitoring stand in SQL alone: `fusion monitor` makes them anew.
    assert len(after["metric"]) > 100
    assert set(after.pop("metric")) < set(before.pop("metric"))
    assert after == before
    assert live_lists(url) == lists
    session = Session.open(own_shop / "fusion.toml")
    run = find_run(session.engine, "default", run_id)
    assert (run.status, run.method, run.list_size) == ("ready", "ranker", 5)
    assert run.created_at == datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    assert list(changed_lists(session.engine)) == []
    session.engine.dispose()
    assert call(own_shop, "status").code == 0
    assert call(own_shop, "publish", "--from-folder", run_id).code == 0


@pytest.mark.postgres
def test_a_run_comes_back_on_another_database(own_shop, postgres_url):
    url, (_, run_id) = database(own_shop), ids(own_shop)
    env = {"FUSION_STORAGE__URL": postgres_url, "FUSION_STORAGE__SCHEMA": "shop"}
    assert call(own_shop, "publish", run_id, "--from-folder", **env).code == 0
    there = f"{postgres_url}&options=-csearch_path%3Dshop"
    assert stored(there, run_id)["served_user"] == stored(url, run_id)["served_user"]
    assert [row[:3] for row in live_lists(there)] == [row[:3] for row in live_lists(url)]


@pytest.mark.parametrize(
    "lost",
    [
        "DELETE FROM recommendation WHERE run_no = 1",
        "DELETE FROM served_user WHERE run_no = 1",
        "UPDATE run SET status = 'failed', manifest = '{}' WHERE run_no = 1;"
        "DELETE FROM fallback WHERE run_no = 1",
        "UPDATE run SET status = 'training' WHERE run_no = 1",
    ],
)
def test_publish_loads_what_is_missing(own_shop, lost):
    url, (run_id, _) = database(own_shop), ids(own_shop)
    before = stored(url, run_id)
    execute(url, lost)
    published = call(own_shop, "publish", run_id, "--allow-older")
    assert published.code == 0, published.message
    assert stored(url, run_id) == before


def test_what_is_shown_is_not_loaded_from_under_readers(own_shop):
    url, (first, last) = database(own_shop), ids(own_shop)
    before = stored(url, last)
    execute(url, "DELETE FROM recommendation WHERE run_no = 2")
    refused = call(own_shop, "publish", last)
    assert refused.code == 1
    assert "`fusion rollback` first shows" in refused.message
    assert call(own_shop, "rollback", "--to", first).code == 0
    assert call(own_shop, "publish", last).code == 0
    assert stored(url, last) == before


def test_a_folder_that_is_damaged_missing_or_of_another_placement(own_shop):
    run_id = ids(own_shop)[0]
    (own_shop / "fusion.db").unlink()
    lists = own_shop / "runs" / run_id / "lists.parquet"
    whole = lists.read_bytes()
    lists.write_bytes(whole[:-1])
    assert "is damaged: " in call(own_shop, "publish", "--from-folder", run_id).message
    lists.write_bytes(whole)
    config = own_shop / "fusion.toml"
    config.write_text(config.read_text().replace("[lists]", '[lists]\nplacement = "mail"'))
    refused = call(own_shop, "publish", "--from-folder", run_id)
    assert "was made for placement 'default', not for 'mail'" in refused.message
    unknown = call(own_shop, "publish", "--from-folder", "20200101-000000-abcdef")
    assert (unknown.code, "there is no run folder" in unknown.message) == (2, True)


def test_a_backup_of_a_folder_brings_nobody_back_who_was_forgotten(own_shop, tmp_path):
    run_id = ids(own_shop)[0]
    folder = own_shop / "runs" / run_id
    backup = shutil.copytree(folder, tmp_path / "backup")
    env = {FORGET_KEY: KEY}
    assert call(own_shop, "forget", "u1", **env).code == 0
    shutil.rmtree(folder)
    shutil.copytree(backup, folder)
    execute(database(own_shop), "UPDATE run SET status = 'failed' WHERE run_no = 1")
    refused = call(own_shop, "publish", run_id, **env)
    assert refused.code == 2
    assert "holds 1 people who were forgotten since" in refused.message
    assert call(own_shop, "forget", "u1", **env).code == 0
    assert call(own_shop, "publish", run_id, "--allow-older", **env).code == 0
    assert not [row for row in live_lists(database(own_shop)) if row[0] == "u1"]
