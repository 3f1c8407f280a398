"""The files of `deploy/` fit the product: commands, variables, what they refer to."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from flows.cli.main import app
from flows.settings import Config
from tests.flows.world import ROOT, environment

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFEST = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
PREFECT = yaml.safe_load((DEPLOY / "prefect.yaml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNITS = sorted((DEPLOY / "systemd").iterdir())
KNOWN = {"PATH", "PYTHONUNBUFFERED", "DO_NOT_TRACK", "HF_HUB_OFFLINE"}
"""Variables of others that the files set."""
POSTGRES = {"POSTGRES_USER", "POSTGRES_PASSWORD"}
"""Of the image of PostgreSQL."""


@pytest.fixture(scope="module")
def prefect_says(bare):
    """What Prefect answers about our files, asked in a process of its own."""
    program = "tests.flows.deploy.prefect_answers"
    words = [str(DEPLOY / "prefect.yaml"), str(bare / "fusion.toml")]
    done = subprocess.run(
        [sys.executable, "-m", program, *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def pods() -> list[dict]:
    return [one["spec"]["template"]["spec"] for one in MANIFEST if one["kind"] == "Deployment"]


def containers() -> list[dict]:
    return [one for pod in pods() for one in (*pod.get("initContainers", ()), *pod["containers"])]


def commands() -> list[list[str]]:
    """Every call of `fusion`, as words."""
    ours = [
        service
        for service in COMPOSE["services"].values()
        if service["image"] == "fusion" and "entrypoint" not in service
    ]
    found = [service["command"] for service in ours] + [one["args"] for one in containers()]
    probes = [one.get(probe) for one in containers() for probe in ("readinessProbe",)]
    found += [probe["exec"]["command"][1:] for probe in probes if probe]
    texts = [DOCKERFILE, *(unit.read_text() for unit in UNITS)]
    texts += [str(service.get("healthcheck", "")) for service in ours]
    for text in texts:
        calls = re.findall(
            r"(?:CMD |CMD-SHELL', '|ExecStart=/opt/fusion/bin/)fusion ([^|\n]+)", text
        )
        found += [words.split() for words in calls]
    found += [
        json.loads(words) for words in re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    ]
    return found


def test_every_command_is_one_of_the_command_line():
    called = commands()
    assert {words[0] for words in called} >= {"schedule", "ui", "health", "db", "retrain"}
    for verb, *words in called:
        get_command(app).commands[verb].make_context(verb, words)


def variables() -> set[str]:
    names = set(re.findall(r"(?:ENV |^ {4})([A-Z_]+)=", DOCKERFILE, re.MULTILINE))
    for service in COMPOSE["services"].values():
        names |= set(service.get("environment", {}))
    for one in containers():
        names |= {entry["name"] for entry in one.get("env", ())}
    for one in MANIFEST:
        names |= set(one.get("stringData", {}))
    for unit in UNITS:
        names |= set(re.findall(r"^Environment=(\w+)=", unit.read_text(), re.MULTILINE))
    return names


def test_every_variable_is_a_setting(prefect_says):
    prefect = set(prefect_says["variables"])
    for name in variables() - KNOWN - POSTGRES:
        if not name.startswith("FUSION_"):
            assert name in prefect, name
            continue
        section, *keys = name.removeprefix("FUSION_").lower().split("__")
        field = Config.model_fields[section].annotation
        for key in keys:
            assert key in field.model_fields, name


def test_what_compose_refers_to_is_there():
    services = COMPOSE["services"]
    for service in services.values():
        for other, state in service.get("depends_on", {}).items():
            assert other in services
            needs_check = state["condition"] == "service_healthy"
            assert not needs_check or "test" in services[other]["healthcheck"]
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or source == "./shop"
        for config in service.get("configs", ()):
            assert config["source"] in COMPOSE["configs"]
    assert (DEPLOY / services["schedule"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / services["schedule"]["build"]["dockerfile"]).exists()


def test_what_listens_in_compose_is_reached_from_this_machine_alone():
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name
    assert COMPOSE["services"]["ui"]["network_mode"] == "host"


def test_what_the_manifest_refers_to_is_there():
    named = {(one["kind"], one["metadata"]["name"]) for one in MANIFEST}
    for one in MANIFEST:
        if one["kind"] == "Deployment":
            template = one["spec"]["template"]
            assert one["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
    for pod in pods():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for volume in volumes.values():
            for key, kind, field in (
                ("configMap", "ConfigMap", "name"),
                ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
            ):
                assert key not in volume or (kind, volume[key][field]) in named
        for one in (*pod.get("initContainers", ()), *pod["containers"]):
            assert {mount["name"] for mount in one["volumeMounts"]} <= volumes.keys()
            for source in one["envFrom"]:
                assert ("Secret", source["secretRef"]["name"]) in named
            assert one["securityContext"]["readOnlyRootFilesystem"]
        assert pod["securityContext"]["runAsNonRoot"]


def test_the_configuration_of_the_manifest_is_one():
    [config] = [one["data"]["fusion.toml"] for one in MANIFEST if one["kind"] == "ConfigMap"]
    Config(**tomllib.loads(config))


def test_the_image_runs_as_nobody_that_may_change_it():
    lines = DOCKERFILE.splitlines()
    user = lines.index("USER 10001")
    assert user < lines.index('ENTRYPOINT ["fusion"]')
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    packages = {name.partition(".")[0] for name in _packages()}
    assert packages <= set(" ".join(copied).split())


def _packages() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    include = project["tool"]["setuptools"]["packages"]["find"]["include"]
    return [pattern.rstrip("*") for pattern in include]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_units(unit, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not there")
    # All of them: a timer names its service. The command has to be there, so here it is Python.
    for other in UNITS:
        text = other.read_text().replace("/opt/fusion/bin/fusion", sys.executable)
        (tmp_path / other.name).write_text(text.replace("User=fusion", "User=root"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, said) == (0, [])


def test_prefect_finds_the_flows_of_its_deployments(prefect_says):
    assert prefect_says["refusals"] == {}
    limits = [one["concurrency_limit"] for one in PREFECT["deployments"]]
    assert limits == [{"limit": 1, "collision_strategy": "CANCEL_NEW"}] * len(limits)


def test_workers_serve_what_the_schedule_serves(prefect_says):
    served = {tuple(one) for one in prefect_says["served"]}
    assert served == {
        (one["name"], one["entrypoint"], bool(one.get("schedules")))
        for one in PREFECT["deployments"]
    }


def test_the_readme_names_every_file():
    readme = (DEPLOY / "README.md").read_text()
    for file in DEPLOY.rglob("*"):
        if file.is_file() and file.name != "README.md":
            assert file.name in readme or f"{Path(file).parent.name}/" in readme
