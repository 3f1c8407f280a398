"""Install what one needs: the base reads and looks, and what is missing is named."""

import subprocess
import sys

import pytest
from sqlalchemy.engine import make_url

from flows.cli.app import NEEDS, VERBS
from flows.failures import describe_failure
from flows.session import Session
from flows.steps.train.train import train_run
from fusion.config import SourceSettings
from fusion.core.extras import PACKAGES, is_installed, missing_extra, require_extras
from fusion.errors import MissingExtra
from fusion.training import sources
from fusion.training.sources import build_source, left_out
from storage.database import engine
from storage.runs.runs import runs
from tests.flows.extras.environments import (
    call_verbs,
    environment_with,
    hidden_packages,
    project,
)

WORDS = {
    "init": ["ratings.csv", "--config", "new.toml"],
    "publish": ["live"],
    "report": ["live", "--out", "run.html"],
    "show": ["u1"],
    "person": ["u1"],
    "diff": ["live", "live"],
    "forget": ["u1"],
    "reject": ["--why", "odd"],
    "notify": ["--test"],
    "backfill": ["--from", "2020-12-10", "--to", "2020-12-17"],
    "judge": ["live", "--on", "ratings.csv"],
    "replay": ["--from", "2020-12-10", "--to", "2020-12-17"],
}
"""Arguments of verbs that need some."""
TRACKING = ("mlflow", "tensorboard")
"""Extras of one tool each, which `all` leaves out."""
FOR_MACHINES = "scale"
"""An extra that `all` leaves out, since one machine does without."""
FOR_BUCKETS = "s3"
"""An extra that `all` leaves out for the same reason."""
FOR_GPUS = "finetune"
"""An extra that `all` leaves out too, and that is not installed where these tests run."""
EXTRAS = (
    "train",
    "neural",
    "text",
    "sentence-transformers",
    "prefect",
    "dashboards",
    "postgres",
    "notify",
    "demo",
)


def line_of(name: str) -> list[str]:
    return [name, *WORDS.get(name, [])]


@pytest.mark.parametrize("extra", [*EXTRAS, *TRACKING, FOR_MACHINES, FOR_BUCKETS])
def test_an_extra_brings_the_packages_that_it_stands_for(extra):
    if extra == FOR_BUCKETS and not is_installed(extra):
        pytest.skip("s3fs is not installed")
    hidden = set(hidden_packages(extra))
    assert hidden.isdisjoint(PACKAGES[extra])
    # Evidently needs some of what trains, and so on; the base brings none of them.
    assert set(PACKAGES[extra]) <= set(hidden_packages())


def test_what_trains_transformers_brings_peft():
    needed = project()["optional-dependencies"][FOR_GPUS]
    assert needed[0] == "fusion-recommender[sentence-transformers]"
    assert needed[1].startswith(PACKAGES[FOR_GPUS][0])


def test_all_is_every_extra_that_a_user_has_and_what_make_installs():
    assert set(PACKAGES) == {*EXTRAS, *TRACKING, FOR_MACHINES, FOR_BUCKETS, FOR_GPUS}
    [everything] = project()["optional-dependencies"]["all"]
    names = ",".join(extra for extra in EXTRAS if extra != "demo")
    assert everything == f"fusion-recommender[{names}]"
    for extra in EXTRAS:
        assert set(PACKAGES[extra]).isdisjoint(hidden_packages("all", "demo"))


def test_the_base_reads_and_looks_and_names_the_extra_of_every_other_verb(own_shop, tmp_path):
    names = [name for group in VERBS.values() for name in group]
    variables = environment_with(tmp_path)
    ends = dict(zip(names, call_verbs(own_shop, variables, [*map(line_of, names)]), strict=True))
    for name in NEEDS:
        missing = ",".join(NEEDS[name])
        assert ends[name].startswith(f"2 {name}"), ends[name]
        assert f"pip install 'fusion-recommender[{missing}]'" in ends[name]
        assert "Traceback" not in ends[name]
    # Nothing waits for them.
    for name in set(names) - NEEDS.keys() - {"approve", "reject", "notify"}:
        assert ends[name].startswith(f"0 {name}"), ends[name]
    assert "nobody is to be told" in ends["notify"]
    for name in ("approve", "reject"):
        assert "has no challenger" in ends[name], ends[name]


def test_with_train_alone_a_run_leaves_neural_out_and_is_published(own_shop, tmp_path):
    config = own_shop / "fusion.toml"
    text = config.read_text()
    begin = text.index("[[sources]]")
    config.write_text(
        text[:begin]
        + '[[sources]]\nname = "ease"\n[[sources]]\nname = "neural"\n'
        + text[text.index("[tune]") :].replace("trials = 2", "trials = 0")
    )
    verbs = [["run", "--json"], ["check"], ["monitor"], ["prune"], ["person", "u1"], ["ui"]]
    ends = call_verbs(own_shop, environment_with(tmp_path, "train"), verbs)
    codes = [end.split()[0] for end in ends]
    assert codes[0] in ("0", "4"), ends[0]
    assert codes[1:] == ["0", codes[2], "0", "0", "2"], ends
    assert codes[2] in ("0", "4"), ends[2]
    assert "fusion-recommender[dashboards]" in ends[-1]
    session = Session.open(config)
    [newest] = runs(session.engine, "default", 1)
    session.engine.dispose()
    status = {row["name"]: row["status"] for row in newest.manifest["sources"]}
    assert status["ease"] == "used"
    assert status["neural"] == (
        "left out: needs the extra neural: pip install 'fusion-recommender[neural]'"
    )


def test_dashboards_alone_bring_all_that_draws_and_serves_pages(tmp_path):
    # `make wheel` serves them; the pages themselves take half a minute on a busy machine.
    modules = (
        "dashboards.evidently.workspace",
        "dashboards.evidently.drift_page",
        "dashboards.web.server",
        "evidently.ui.service.app",
        "flows.steps.watch.pages",
        "uvicorn",
    )
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import {', '.join(modules)}"],
        env=environment_with(tmp_path, "dashboards"),
        check=True,
    )


def test_the_schedule_asks_for_what_trains_before_it_serves(own_shop, tmp_path):
    [schedule] = call_verbs(own_shop, environment_with(tmp_path, "prefect"), [["schedule"]])
    assert schedule.startswith("2 ")
    assert "`fusion schedule` needs the extra train: pip install" in schedule


@pytest.mark.parametrize("name", ["neural", "autoencoder"])
def test_a_source_whose_extra_is_missing_is_left_out_with_the_command(name, monkeypatch, bare):
    monkeypatch.setattr(sources, "is_installed", lambda extra: extra != "neural")
    why = left_out(build_source(SourceSettings(name=name)), None, 4.0)
    assert why is not None
    assert (
        why.status == "left out: needs the extra neural: pip install 'fusion-recommender[neural]'"
    )


def test_postgres_without_its_driver_names_the_extra_and_no_password(monkeypatch):
    monkeypatch.setattr("fusion.core.extras.find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as refused:
        engine.make_engine(make_url("postgresql+psycopg://ann:secret@db/shop"))
    assert str(refused.value) == (
        "database postgresql+psycopg://ann:***@db/shop needs the extra postgres: "
        "pip install 'fusion-recommender[postgres]'"
    )


def test_an_import_that_fails_anywhere_is_no_traceback():
    torch = ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")
    code, sentence = describe_failure(torch)
    assert code == 2
    assert sentence.endswith("needs the extra neural: pip install 'fusion-recommender[neural]'")
    # A module of nobody's is a bug, as it was.
    assert missing_extra(ModuleNotFoundError("no", name="shop_tools")) is None
    assert describe_failure(ModuleNotFoundError("no", name="shop_tools"))[0] == 3


def test_programs_that_train_without_the_extra_are_told_as_well(tmp_path):
    script = """
import fusion
try:
    fusion.fit_fusion
except fusion.ConfigError as missing:
    print(missing)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment_with(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("needs the extra train: pip install 'fusion-recommender[train]'\n")


def test_a_run_by_dask_asks_for_it_before_it_begins(own_shop, monkeypatch):
    config = own_shop / "fusion.toml"
    config.write_text(config.read_text() + '\n[compute]\nexecutor = "dask"\n')
    monkeypatch.setattr("fusion.core.extras.is_installed", lambda extra: extra != "scale")
    session = Session.open(config)
    before = len(runs(session.engine, "default", 9))
    with pytest.raises(MissingExtra, match=r"needs the extra scale: pip install .*\[scale\]'"):
        train_run(session)
    assert len(runs(session.engine, "default", 9)) == before
    session.engine.dispose()


def test_several_missing_extras_are_one_command(monkeypatch):
    monkeypatch.setattr("fusion.core.extras.is_installed", lambda extra: extra == "train")
    with pytest.raises(MissingExtra, match=r"extras demo and prefect: .*\[demo,prefect\]'"):
        require_extras("`fusion demo`", "demo", "train", "prefect")


def test_a_package_that_is_there_by_half_counts_as_missing(monkeypatch):
    def half(name):
        raise ValueError(f"{name}.__spec__ is None")

    monkeypatch.setattr("fusion.core.extras.find_spec", half)
    assert not is_installed("neural")
