"""`fusion check` tries whatever a setting names outside the configuration, before any training."""

import shutil
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel
from sqlalchemy import text

from flows.session import Session
from flows.settings import Config
from flows.steps.train.train import train_run
from flows.steps.watch.check import check_all
from fusion.errors import ConfigError
from fusion.lists.business_rules.rules import RuleSet
from fusion.models.base.registry import known
from storage.runs.runs import runs

SOURCE = '[[sources]]\nname = "{}"\nsettings = {{ encoder = "none/at-all" }}\n'
PLANTED = {
    "device": ('threads = 1\ndevice = "cuda"', "no_device"),
    "sources.use": ('[[sources]]\nname = "mine"\nuse = "not installed"\n', "wrong_source"),
    "lists.rules": ('[lists]\nrules = "none.toml"', "wrong_rules"),
    "artifacts.path": ('[artifacts]\npath = "ratings.csv/runs"\n', "no_folder"),
    "artifacts.store": ('[artifacts]\nstore = "file:///dev/null/stages"\n', "no_folder"),
    "monitor.workspace": ('[monitor]\nworkspace = "ratings.csv"\n', "no_folder"),
    "data.interactions": ('interactions = "none.csv"', "missing_file"),
    "data.items": ('items = { url = "sqlite:///none.db", query = "select 1" }', "sql_failed"),
    "data.users": ('users = "none.csv"', "missing_file"),
    "data.facts": ('interactions = "ratings.csv"\nfacts = "none.csv"', "missing_file"),
    "data.queries": ('interactions = "ratings.csv"\nqueries = "none.csv"', "missing_file"),
    "data.vectors.path": (
        'interactions = "ratings.csv"\nvectors = [{ path = "none.parquet" }]',
        "missing_file",
    ),
    "data.vectors.ids": (
        'interactions = "ratings.csv"\nvectors = [{ path = "a.npy", ids = "none.txt" }]',
        "missing_file",
    ),
    "data.opt_out": ('interactions = "ratings.csv"\nopt_out = "none.csv"', "opt_out_unreadable"),
    "storage.url": ('[storage]\nurl = "sqlite:////none/at/all.db"\n', "no_database"),
    "storage.schema": ('[storage]\nschema = "books"\n', "no_database"),
    "rules.diversity.encoder": ('[lists]\nrules = "rules.toml"', "no_encoder"),
    "content.encoder": (SOURCE.format("content"), "no_encoder"),
    "content_map.encoder": (SOURCE.format("content_map"), "no_encoder"),
    "neural.encoder": (SOURCE.format("neural"), "no_encoder"),
}
"""Each setting that names something outside, with a name of nothing and the finding about it."""
INSIDE = {
    *("data.positive", "data.events", "sources.name", "sources.settings"),
    *("content_map.donor_settings", "priors.name"),
    *("ranker.extra", "lists.placement", "lists.users"),
    # Zones, fields of cron and hours are known when the configuration is read.
    *("data.timezone", "retrain.cron", "retrain.timezone", "watch.cron"),
    "retrain.quiet_hours",
    # An address to listen on is tried by listening; names and a header come with requests.
    *("ui.host", "ui.names", "ui.trusted_header"),
}
"""Settings of text that name nothing outside; so are columns, and the ids and segments of rules."""
UNTRIED = {
    "compute.scheduler": "it may be started with the run; one that does not answer ends it with 75",
    "tracking.uri": "no run fails over its tool: what goes wrong there is a warning of its log",
}
"""Settings that name something outside which `fusion check` does not try, with the reason."""
NAMES_OF_DATA = (
    *("data.checks.", "data.columns.", "data.item_", "data.user_", "data.fact_", "rules."),
    *("data.query_", "data.vectors.", "priors.history", "priors.items"),
)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def holds_text(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return False
    return annotation is str or any(map(holds_text, get_args(annotation)))


def texts(model: type[BaseModel], section: str = "") -> Iterator[tuple[str, bool]]:
    """Every setting that takes text, and whether it is marked as naming something outside."""
    for name, info in model.model_fields.items():
        key = f"{section}{info.alias or name}"
        marked = isinstance(info.json_schema_extra, dict) and "outside" in info.json_schema_extra
        if marked or holds_text(info.annotation):
            yield key, marked
        if not marked:
            for inner in models_in(info.annotation):
                yield from texts(inner, f"{key}.")


def all_texts() -> dict[str, bool]:
    settings = dict(texts(Config)) | dict(texts(RuleSet, "rules."))
    for name, source in known().items():
        settings |= dict(texts(source.Config, f"{name}."))
    return settings


def test_every_setting_of_text_is_marked_or_names_nothing_outside():
    """What a new one names is tried, or there is nothing to try, or a reason against it."""
    unmarked = {key for key, marked in all_texts().items() if not marked}
    named = {key for key in unmarked if not key.startswith(NAMES_OF_DATA)}
    assert named == INSIDE | UNTRIED.keys()


def test_every_marked_setting_is_tried_below():
    assert {key for key, marked in all_texts().items() if marked} == set(PLANTED)


@pytest.fixture
def folder(bare, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in ("ratings.csv", "movies.csv", "users.csv", "fusion.toml"):
        shutil.copy(bare / name, folder / name)
    (folder / "rules.toml").write_text('[diversity]\nby = "text"\nencoder = "none/at-all"\n')
    return folder


def plant(folder, words):
    """Put words in the place of the key or section that they begin with, else at the end."""
    config = folder / "fusion.toml"
    lines = config.read_text().split("\n")
    begins = words.split("\n")[0].split(" = ")[0]
    places = [number for number, line in enumerate(lines) if line.split(" = ")[0] == begins]
    if places and not begins.startswith("[["):
        lines[places[0]] = words
    else:
        lines.append(words)
    config.write_text("\n".join(lines))


@pytest.mark.parametrize("key", PLANTED)
def test_a_name_of_nothing_is_an_error_of_check(folder, key, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    line, code = PLANTED[key]
    plant(folder, line)
    session = Session.open(folder / "fusion.toml")
    errors = [finding for finding in check_all(session) if finding.severity == "error"]
    assert [finding.code for finding in errors] == [code]
    assert errors[0].cure
    assert not (folder / "runs").exists()  # to look changes nothing


@pytest.mark.postgres
def test_a_database_that_may_not_be_written_is_an_error_of_check(folder, postgres_server):
    url = postgres_server.render_as_string(hide_password=False)
    plant(folder, f'[storage]\nschema = "looked_at"\nurl = "{url}"\n')
    session = Session.open(folder / "fusion.toml")
    assert "no_database" not in {finding.code for finding in check_all(session)}
    session.make_database()
    # What a standby answers, too; its tables are there.
    read_only = "&options=-c%20default_transaction_read_only%3Don"
    plant(folder, f'url = "{url}{read_only}"')
    reader = Session.open(folder / "fusion.toml")
    (error,) = [finding for finding in check_all(reader) if finding.severity == "error"]
    assert error.code == "no_database"
    assert "read-only transaction" in error.message
    reader.engine.dispose()
    with session.engine.begin() as connection:
        connection.execute(text("drop schema looked_at cascade"))
    session.engine.dispose()


def test_a_run_whose_diversity_has_no_model_ends_before_it_trains(folder):
    plant(folder, PLANTED["rules.diversity.encoder"][0])
    session = Session.open(folder / "fusion.toml")
    with pytest.raises(ConfigError, match="encoder 'none/at-all' is neither a folder"):
        train_run(session)
    assert runs(session.engine, "default") == []
    session.engine.dispose()
