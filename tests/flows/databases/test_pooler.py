"""A whole night through pgbouncer, for two tenants side by side; a table that somebody locks."""

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.flows.calling import call
from tests.flows.databases.test_load_run import ids
from tests.flows.world import make_shop

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning"),
]


@pytest.mark.faults
def test_two_shops_behind_a_pooler(own_shop, postgres_url, pooled):
    """One trains, one loads what was trained; nothing of either lands in public."""
    url = pooled(postgres_url)
    tenants = {
        name: {"FUSION_STORAGE__URL": url, "FUSION_STORAGE__SCHEMA": name}
        for name in ("books", "films")
    }
    first, last = sorted(ids(own_shop))
    loaded = call(own_shop, "publish", "--from-folder", first, **tenants["films"])
    assert loaded.code == 0, loaded.message
    ran = call(own_shop, "run", "--json", **tenants["books"])
    assert ran.code in (0, 4), ran.message
    run_id = ran.json["run"]["id"]
    assert call(own_shop, "publish", "--from-folder", last, **tenants["films"]).code == 0
    for words in (("monitor",), ("show", "u1"), ("prune",), ("db", "status"), ("rollback",)):
        ended = call(own_shop, *words, **tenants["films"])
        assert ended.code in (0, 4), ended.message
    live = {
        name: call(own_shop, "status", "--json", **env).json["live"]["run_id"]
        for name, env in tenants.items()
    }
    assert live == {"books": run_id, "films": first}
    engine = create_engine(postgres_url)
    assert inspect(engine).get_table_names(schema="public") == []
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM books.lease")) == 0
    engine.dispose()


def test_a_locked_table_ends_a_check(tmp_path, postgres_url):
    """It hung for good."""
    make_shop(
        tmp_path,
        "\n[limits]\nquery_lock_seconds = 0.3\n",
    )
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE interactions (user_id text, item_id text)"))
    file = tmp_path / "fusion.toml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("interactions")]
    source = f'interactions = {{ url = "{postgres_url}", query = "SELECT * FROM interactions" }}'
    lines.insert(lines.index("[data]") + 1, source)
    file.write_text("\n".join(lines))
    with engine.begin() as holder:
        holder.execute(text("LOCK TABLE interactions"))
        ended = call(tmp_path, "check")
    assert ended.code == 75, ended
    words = "another session holds a lock on it; this waited 0.3 s ([limits] query_lock_seconds)"
    assert f"{words}: SELECT * FROM interactions" in ended.message
    engine.dispose()
