"""A session: relative paths in a configuration start at the folder of its file."""

import csv
import os
import sqlite3
from contextlib import closing

import pytest

from flows.session import Session, user_name
from flows.steps.train.inputs import read_data
from flows.steps.watch.check import check_all
from tests.flows.world import CONFIG, make_shop


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+pysqlite"])
def test_sqlite_files_of_ours_and_of_the_data_start_at_the_configuration(
    tmp_path, monkeypatch, driver
):
    shop, elsewhere = tmp_path / "shop", tmp_path / "elsewhere"
    config = make_shop(shop, f'[storage]\nurl = "{driver}:///fusion.db"\n')
    with (
        (shop / "ratings.csv").open() as file,
        closing(sqlite3.connect(shop / "shop.db")) as kept,
        kept,
    ):
        kept.execute("CREATE TABLE log (userId, movieId, timestamp, rating)")
        kept.executemany("INSERT INTO log VALUES (?, ?, ?, ?)", list(csv.reader(file))[1:])
    query = f'{{ url = "{driver}:///shop.db", query = "select * from log" }}'
    assert '"ratings.csv"' in CONFIG
    config.write_text(config.read_text().replace('"ratings.csv"', query))
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    session = Session.open(config)
    assert [found for found in check_all(session) if found.severity == "error"] == []
    session.make_database()
    assert read_data(session, None, None).dataset.n_users > 80
    session.engine.dispose()
    assert (shop / "fusion.db").exists()
    assert list(elsewhere.iterdir()) == []


def test_a_user_without_a_name_is_called_by_number(monkeypatch):
    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert user_name() == f"uid {os.getuid()}"
