"""The database's password is in the configuration only: in no folder, table, log or screen."""

import os

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from fusion.runs.run_folder import new_run_id, run_folder
from fusion.runs.stage_store import Store
from storage import StorageSettings, connect
from tests.flows.world import fusion, make_shop

PASSWORD = "hunter2secret"


@pytest.mark.postgres
def test_the_password_is_nowhere_but_in_the_environment(postgres_url, tmp_path):
    """A run, a look and errors with a password in the URL; the server trusts whoever comes."""
    make_shop(tmp_path)
    url = make_url(postgres_url).set(password=PASSWORD).render_as_string(hide_password=False)
    assert PASSWORD in url
    ended = [
        fusion(tmp_path, *words, FUSION_STORAGE__URL=url)
        for words in (
            ("run", "--json"),
            ("status",),
            ("show", "nobody"),
            ("publish", "none"),
            ("check", "--json"),
        )
    ]
    assert [end.code for end in ended][1:] == [0, 0, 2, 0]
    assert ended[0].code in (0, 4), ended[0].err
    for end in ended:
        assert PASSWORD not in end.out + end.err
    assert [
        file
        for file in tmp_path.rglob("*")
        if file.is_file() and PASSWORD.encode() in file.read_bytes()
    ] == []
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        tables = (
            connection.execute(text("select tablename from pg_tables where schemaname = 'public'"))
            .scalars()
            .all()
        )
        assert "run" in tables
        for table in tables:
            rows = connection.execute(text(f'select t::text from "{table}" t')).scalars()
            assert not any(PASSWORD in row for row in rows), table
    engine.dispose()


def test_files_have_the_rights_that_the_umask_leaves(tmp_path):
    """The database, a run folder and a stage, as every verb makes them."""
    before = os.umask(0o077)
    try:
        connect(StorageSettings(url=f"sqlite:///{tmp_path}/fusion.db"), migrate=True).dispose()
        with run_folder(tmp_path / "runs", new_run_id()) as folder:
            (folder / "lists.parquet").write_bytes(b"x")
        store = Store(tmp_path / "runs" / "store")
        store.stage("fit", {}, lambda folder: (folder / "state.npz").write_bytes(b"x"))
    finally:
        os.umask(before)
    made = [*tmp_path.rglob("*")]
    assert len(made) > 7
    assert [str(place) for place in made if place.stat().st_mode & 0o077] == []
