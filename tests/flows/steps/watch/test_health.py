"""`fusion health` tells a probe by its exit code whether lists are served, and are not too old."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import make_url, text

from storage import StorageSettings, connect
from storage.slots.publish import publish
from tests.docs.blocks import contents
from tests.flows.calling import call
from tests.storage.making import make_run

(ROLE,) = (block for block in contents("docs/sql.md", "sql") if "fusion_probe" in block)
CONFIG = '[data]\ninteractions = "ratings.csv"\n[storage]\nurl = "{url}"\n'


def set_trained(folder, hours: float) -> None:
    """Let every run be trained so many hours ago."""
    engine = connect(StorageSettings(url=f"sqlite:///{folder / 'fusion.db'}"))
    moment = datetime.now(UTC) - timedelta(hours=hours)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE run SET created_at = :at"), {"at": f"{moment:%Y-%m-%d %H:%M:%S.%f}"}
        )
    engine.dispose()


def test_a_live_run_is_healthy_at_any_age_and_too_old_beyond_a_limit(own_shop):
    assert call(own_shop, "health").code == 0
    set_trained(own_shop, 37)
    assert call(own_shop, "health").code == 0
    assert call(own_shop, "health", "--max-age", "38h").code == 0
    old = call(own_shop, "health", "--max-age", "36h", "--json")
    assert (old.code, old.json["healthy"], old.json["problem"]) == (1, False, "too_old")
    assert (old.json["age_hours"], old.json["max_age_hours"]) == (37.0, 36.0)
    shown = call(own_shop, "health", "--max-age", "36h")
    assert shown.out.endswith("is live, trained 37.0 h ago, and may be 36 h old.\n")


def test_a_clock_that_was_ahead_is_said_and_harms_nobody(own_shop):
    set_trained(own_shop, -48)
    ahead = call(own_shop, "health", "--max-age", "36h")
    assert ahead.code == 0
    assert "trained 48.0 h from now: a clock was ahead" in ahead.out


def test_nothing_live_is_unhealthy_with_and_without_a_database(bare, own_shop):
    none_yet = call(bare, "health", "--json")
    assert (none_yet.code, none_yet.json["problem"]) == (1, "nothing_live")
    config = own_shop / "fusion.toml"
    config.write_text(config.read_text().replace("[lists]", '[lists]\nplacement = "email"'))
    other = call(own_shop, "health")
    assert (other.code, other.out) == (1, "Nothing is live in placement 'email'.\n")


def test_a_probe_tells_a_wrong_configuration_from_a_database_that_is_away(own_shop, tmp_path):
    assert call(own_shop, "health", "--max-age", "soon").code == 2
    assert call(own_shop, "health", "--config", "none.toml").code == 2
    engine = connect(StorageSettings(url=f"sqlite:///{own_shop / 'fusion.db'}"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    assert call(own_shop, "health").code == 2
    (tmp_path / "away.toml").write_text(CONFIG.format(url="postgresql://ann@127.0.0.1:1/shop"))
    assert call(tmp_path, "health", "--config", "away.toml", "--json").json["exit_code"] == 75


@pytest.mark.postgres
def test_a_role_that_reads_few_columns_is_enough_for_a_probe(postgres_url, tmp_path):
    owner = connect(StorageSettings(url=postgres_url), migrate=True)
    publish(owner, "default", make_run(owner, "a"), by="test", reason="test")
    statements = [line.strip() for line in ROLE.split(";") if line.strip()]
    try:
        with owner.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        url = make_url(postgres_url).set(username="fusion_probe", password="change me")
        shown = url.render_as_string(hide_password=False)
        (tmp_path / "fusion.toml").write_text(CONFIG.format(url=shown))
        healthy = call(tmp_path, "health", "--json")
        assert (healthy.code, healthy.json["run_id"]) == (0, "a"), healthy
        # What says more about users or lists is none of its business.
        assert call(tmp_path, "show", "u1").code == 2
    finally:
        with owner.begin() as connection:
            connection.execute(text("DROP OWNED BY fusion_probe"))
            connection.execute(text("DROP ROLE fusion_probe"))
        owner.dispose()
