"""The database's password is in the configuration only: in no folder, table, log or screen."""

import json
import os
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine, make_url, text

from fusion.runs.run_folder import new_run_id, run_folder
from fusion.runs.stages.store import Store
from storage import StorageSettings, connect
from storage.database.engine import writing
from storage.schema.tables import run, slot_move
from storage.schema.types import utc_now
from storage.schema.watch_tables import alert
from tests.flows.calling import call_main
from tests.flows.world import fusion, make_shop

PASSWORD = "hunter2secret"
LETTERS = string.ascii_uppercase + string.digits
SECRETS = st.text(LETTERS + "!$*();,=/?#[]%~{}|-_.", min_size=6, max_size=20).map("Q{}Z".format)
URLS = st.sampled_from(
    [
        "postgresql://bob:{}@127.0.0.1:1/shop",
        "mysql://bob:{}@host/shop",
        "postgresql:/bob:{}@host/shop",
        "https://host/ratings.csv?token={}",
        "postgresql://bob@127.0.0.1:1/shop?passphrase={}",
        "mssql+pyodbc://?odbc_connect={}",
    ]
)
""" ... of databases that are not there, and of files that are not fetched."""
USES: list[Callable[[str], tuple[str, ...]]] = [
    lambda url: ("init", url, "--config", "new.toml"),
    lambda url: ("init", "ratings.csv", "--items", url, "--config", "new.toml"),
    lambda url: ("init", "ratings.csv", "--config", f"{url}/new.toml"),
    lambda url: ("status", "--config", url),
    lambda url: ("status", url),
    lambda url: ("check", "--as-of", url),
    lambda url: ("show", url),
    lambda url: ("show", url, "--why", "--placement", url),
    lambda url: ("diff", url, url),
    lambda url: ("publish", url),
    lambda url: ("monitor", url),
    lambda url: ("rollback", "--to", url, "--by", url),
    lambda url: ("rollback", "--freeze", url),
    lambda url: ("runs", "--limit", url),
    lambda url: ("forget", "--file", url),
    lambda url: ("ui", "--host", url, "--port", "0"),
]
"""Commands that get a URL where something else was meant."""
SETTINGS = [
    "FUSION_STORAGE__URL",
    "FUSION_DATA__INTERACTIONS",
    "FUSION_DATA__ITEMS",
    "FUSION_ARTIFACTS__PATH",
    "FUSION_LISTS__RULES",
    "FUSION_SEED",
    "FUSION_RANKR__TREES",
    "FUSION_RETRAIN__TIMEZONE",
]
"""Settings that take one, or are no place for it."""


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


def assert_hidden(folder, ended, secret: str) -> None:
    """Assert that neither screen nor files show a secret, written plainly or encoded."""
    shown = ended.out + ended.err
    files = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
        # A console breaks lines where it likes.
        assert form not in shown.replace("\n", "")
        assert not any(form.encode() in content for content in files)
    assert ended.code in (0, 1, 2, 75), shown


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(SECRETS, URLS, st.sampled_from(USES), st.booleans(), st.booleans())
def test_a_url_where_something_else_was_meant_shows_no_password(
    small_shop, secret, url, use, encoded, as_json
):
    text = url.format(quote(secret, safe="") if encoded else secret)
    words = use(text) + (("--json",) if as_json else ())
    assert_hidden(small_shop, call_main(small_shop, *words), secret)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(SECRETS, URLS, st.sampled_from(SETTINGS), st.sampled_from(["check", "status", "run"]))
def test_a_url_in_any_setting_shows_no_password(small_shop, secret, url, setting, verb):
    text = url.format(quote(secret, safe=""))
    words = (verb, "--json") if verb == "check" else (verb,)
    assert_hidden(small_shop, call_main(small_shop, *words, **{setting: text}), secret)


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


@pytest.fixture
def small_shop(tmp_path):
    """A shop whose data end a run before it trains."""
    make_shop(tmp_path, users=3)
    return tmp_path


def test_sql_keeps_no_secret_that_somebody_gave_as_a_reason(tmp_path):
    """Reasons, names, failures and manifests, in columns of text and of JSON."""
    engine = connect(StorageSettings(url=f"sqlite:///{tmp_path}/fusion.db"), migrate=True)
    url = f"postgresql://bob:{PASSWORD}@host/shop"
    with writing(engine) as connection:
        now = utc_now()
        connection.execute(
            slot_move.insert().values(
                placement="default", name="live", action="unfreeze", at=now, by=url, reason=url
            )
        )
        run_no = connection.execute(
            run.insert().values(
                run_id="x",
                placement="default",
                kind="batch",
                created_at=now,
                status="failed",
                manifest={"error": [url]},
            )
        ).inserted_primary_key[0]
        connection.execute(
            alert.insert().values(
                placement="default",
                cause="s.n",
                subject="s",
                name="n",
                kind="run",
                severity="alarm",
                state="acknowledged",
                at=now,
                seen_at=now,
                run_no=run_no,
                message=url,
                acknowledged_by=url,
                acknowledged_why=url,
            )
        )
    engine.dispose()
    for file in tmp_path.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()
