"""The configuration: errors name the section and the nearest right word; secrets stay secret."""

import json
from pathlib import Path

import pytest

from flows.settings import Config, read_config
from fusion.errors import ConfigError
from tests.flows.world import CONFIG, ROOT

DATA = '[data]\ninteractions = "x.csv"\n'


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    monkeypatch.delenv("FUSION_STORAGE__URL", raising=False)


def read(folder: Path, content: str) -> Config:
    file = folder / "fusion.toml"
    file.write_text(content)
    return read_config(file)


@pytest.mark.parametrize("name", ["Mine", "7th", "my-source", ""])
def test_a_source_has_a_plain_name(tmp_path, name):
    with pytest.raises(ConfigError, match="takes lower-case letters, digits and _, a letter first"):
        read(tmp_path, DATA + f'[[sources]]\nname = "{name}"\nuse = "ease"\n')


@pytest.mark.parametrize(
    ("wrong", "section", "near"),
    [
        ("sed = 1\n" + DATA, "sed", "seed"),
        (DATA + "[rankr]\n", "rankr", "ranker"),
        (DATA + 'timezon = "UTC"\n', "[data] timezon", "timezone"),
        (DATA + '[data.columns]\nusr = "u"\n', "[data.columns] usr", "user"),
        (
            DATA + '[data.item_columns]\navailable_til = "u"\n',
            "[data.item_columns] available_til",
            "available_until",
        ),
        (DATA + '[data.item_features]\ntxt = ["u"]\n', "[data.item_features] txt", "text"),
        (DATA + '[data.user_features]\nnumbr = ["u"]\n', "[data.user_features] numbr", "number"),
        (DATA + "[split]\nwindo = 3\n", "[split] windo", "window"),
        (
            DATA + '[[sources]]\nname = "als"\n[[sources]]\nname = "ease"\nkk = 3\n',
            "[sources.1] kk",
            "k",
        ),
        (DATA + "[tune]\ntrial = 3\n", "[tune] trial", "trials"),
        (DATA + "[ranker]\ntres = 3\n", "[ranker] tres", "trees"),
        (DATA + "[gate]\nmaxloss = 3\n", "[gate] maxloss", "max_loss"),
        (DATA + "[lists]\nsise = 3\n", "[lists] sise", "size"),
        (DATA + '[storage]\nulr = "x"\n', "[storage] ulr", "url"),
        (DATA + '[artifacts]\npaht = "x"\n', "[artifacts] paht", "path"),
        (DATA + "[monitor]\nchurn_limt = 0.1\n", "[monitor] churn_limt", "churn_limit"),
        (DATA + "[retrain]\ncool_down = 0.1\n", "[retrain] cool_down", "cooldown"),
    ],
)
def test_an_unknown_key_is_named_with_its_section_and_the_nearest(tmp_path, wrong, section, near):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, wrong)
    message = str(caught.value)
    assert f"{section}: unknown key. Did you mean {near!r}?" in message
    assert "fusion.toml" in message


def test_an_unknown_key_of_blanks_can_be_seen(tmp_path):
    for name in ("", " ", "\\t"):
        with pytest.raises(ConfigError, match=r"'.{0,2}': unknown key"):
            read(tmp_path, f'"{name}" = 7\n' + DATA)


@pytest.mark.parametrize("name", ["ranker", "control", "fallback", "lists", "features", "verdict"])
def test_a_source_may_not_take_the_name_of_other_figures(tmp_path, name):
    """A source called fallback ended a finished training, and one called lists lost its figures."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, DATA + f'[[sources]]\nname = "{name}"\nuse = "ease"\n')
    message = str(caught.value)
    assert f"[sources.0] name: '{name}' is reserved: it is " in message
    assert f"Take another name, such as 'my_{name}'" in message
    assert read(tmp_path, DATA + f'[[sources]]\nname = "my_{name}"\nuse = "ease"\n').sources


@pytest.mark.parametrize(
    "name", ["a\\nERROR forged", "\\u001b[2J", "a\\u2028b", "\\u0000", "\\u009b31m"]
)
def test_a_placement_that_would_forge_lines_or_steer_terminals_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match="line breaks and control characters are not") as refused:
        read(tmp_path, f'{DATA}[lists]\nplacement = "{name}"\n')
    assert str(refused.value).replace("\n", "").isprintable()


def test_a_placement_has_any_letters(tmp_path):
    name = "Startseite für 柏 👩‍🚀 (mail)"
    assert read(tmp_path, f'{DATA}[lists]\nplacement = "{name}"\n').lists.placement == name


def test_an_unknown_key_of_an_sql_input_is_named_too(tmp_path):
    with pytest.raises(ConfigError, match=r"querry: unknown key\. Did you mean 'query'\?"):
        read(tmp_path, '[data]\ninteractions = { url = "sqlite:///x.db", querry = "select 1" }\n')


def test_every_problem_is_named_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "sed = 1\n[lists]\nsize = 0\n[retrain]\nmax_age = -1\n")
    lines = sorted(str(caught.value).splitlines()[1:])
    assert [line.split(":")[0].strip() for line in lines] == [
        "[lists] size",
        "[retrain] max_age",
        "data",
        "sed",
    ]


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_STORAGE__URL", "sqlite:///other.db")
    config = read(tmp_path, DATA + '[storage]\nurl = "sqlite:///file.db"\n[lists]\nsize = 7\n')
    assert (config.storage.url, config.lists.size) == ("sqlite:///other.db", 7)


def test_the_environment_changes_one_key_of_a_section(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_LISTS__SIZE", "3")
    config = read(tmp_path, DATA + "[lists]\nsize = 7\nreserve = 1\n")
    assert (config.lists.size, config.lists.reserve) == (3, 1)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        (
            "FUSION_STORGE__URL",
            r"FUSION_STORGE__URL.* no \[storge\]\. Did you mean FUSION_STORAGE__URL\?",
        ),
        ("fusion_monitr__churn_limit", r"Did you mean FUSION_MONITOR__CHURN_LIMIT\?"),
        ("FUSION_XYZ__URL", r"no \[xyz\]\. Known: .*storage"),
        ("FUSION_SEDD", r"Did you mean FUSION_SEED\?"),
    ],
)
def test_a_misspelt_section_in_the_environment_is_refused_with_the_nearest(
    tmp_path, monkeypatch, variable, told
):
    monkeypatch.setenv(variable, "sqlite:///secret.db")
    with pytest.raises(ConfigError, match=told) as caught:
        read(tmp_path, DATA)
    assert "secret" not in str(caught.value)


def test_variables_of_other_things_are_left_alone(tmp_path, monkeypatch):
    for variable in ("FUSION_HOME", "FUSION_TEST_POSTGRES_URL", "FUSIONS__URL"):
        monkeypatch.setenv(variable, "x")
    assert read(tmp_path, DATA).seed == 7


def test_an_unknown_key_in_the_environment_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_STORAGE__ULR", "sqlite:///other.db")
    with pytest.raises(ConfigError, match="Did you mean 'url'"):
        read(tmp_path, DATA)


@pytest.mark.parametrize(
    "text",
    [
        '[retrain]\ncron = "every night"\n',
        '[retrain]\ncron = "0 24 * * *"\n',
        '[retrain]\ncron = "0 3 * *"\n',
        '[retrain]\ncron = "0 3 0 * *"\n',
        '[retrain]\ncron = "at three in the morning"\n',
        '[retrain]\ntimezone = "Mars/Base"\n',
        '[retrain]\nquiet_hours = ["8-20"]\n',
        '[retrain]\nquiet_hours = ["08:00-08:00"]\n',
        '[retrain]\nquiet_hours = ["22:00-24:00"]\n',
    ],
)
def test_a_schedule_that_never_comes_is_refused_when_read(tmp_path, text):
    with pytest.raises(ConfigError, match=r"\[retrain\]"):
        read(tmp_path, DATA + text)


@pytest.mark.parametrize(
    "cron", ["0 3 * * *", "*/15 8-18 * * mon-fri", "0 0 1,15 jan-mar 7", "30 4 31 12 sun"]
)
def test_schedules_in_every_form_are_read(tmp_path, cron):
    assert read(tmp_path, DATA + f'[retrain]\ncron = "{cron}"\n').retrain.cron == cron


def test_configuration_file_of_the_repository_holds_the_defaults():
    file = ROOT / "config" / "fusion.toml"
    if not file.exists():
        pytest.skip("no config/fusion.toml on this branch")
    given = read_config(file).model_dump()
    defaults = Config(data={"interactions": given["data"]["interactions"]}).model_dump()
    given.pop("data"), defaults.pop("data")
    assert given == defaults


@pytest.mark.parametrize(
    "wrong",
    [
        "[storage]\nurl = 'postgresql://bob:hunter2@host/db'\nother = 1\n",
        "[storage]\nurl = ['postgresql://bob:hunter2@host/db']\n",
        "storage = 'postgresql://bob:hunter2@host/db'\n",
        "[monitor]\nurl = 'postgresql://bob:hunter2@host/db'\n",
    ],
)
def test_errors_never_show_a_password(tmp_path, wrong):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, wrong + (DATA if "monitor" in wrong or "[" in wrong[:1] else ""))
    assert "hunter2" not in str(caught.value)


def test_a_representation_never_shows_a_password(tmp_path):
    config = read(tmp_path, DATA + '[storage]\nurl = "postgresql://bob:hunter2@host/db"\n')
    assert "bob" in repr(config)
    assert "hunter2" not in repr(config) + str(config)


def test_the_tests_own_configuration_is_right(tmp_path):
    config = read(tmp_path, CONFIG)
    assert [source.use for source in config.sources] == ["popularity", "ease", "item_knn"]
    json.dumps(config.model_dump(mode="json"))
