"""docs/security.md: each sentence of its lists names the test that holds it; some are held here."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PACKAGES, ROOT, read

PAGE = read("docs/security.md")
SENTENCES = re.findall(r"^- (.*?)(?=^- |^$)", PAGE, re.MULTILINE | re.DOTALL)
HELD_BY = re.compile(r"<!-- held by: (tests/[\w/]+\.py)::(\w+) -->\s*$")
NETWORK = {
    "socket", "ssl", "http", "urllib.request", "httpx", "requests", "aiohttp", "websockets",
    "uvicorn", "ftplib", "smtplib", "socketserver", "xmlrpc",
}  # fmt: skip
"""Modules that listen or speak to the network."""
UNPICKLERS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml"}
RIGHTS = {"chmod", "fchmod", "lchmod", "umask", "chown", "setuid"}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Every node of our code, with the file it stands in."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                yield file.relative_to(ROOT).as_posix(), node


NODES = list(nodes())


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def imports_of(wanted: set[str]) -> set[tuple[str, str]]:
    """Files that import one of some modules or something in it, with the module."""
    found = set()
    for file, node in NODES:
        for name in imported(node):
            parents = {name.split(".")[0], ".".join(name.split(".")[:2])}
            found |= {(file, module) for module in wanted & parents}
    return found


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call, with the last part of what is called."""
    for file, node in NODES:
        if isinstance(node, ast.Call):
            yield file, ast.unparse(node.func), node


@pytest.mark.parametrize("sentence", SENTENCES, ids=range(len(SENTENCES)))
def test_each_sentence_is_held_by_a_test_that_exists(sentence):
    held = HELD_BY.search(sentence)
    assert held, f"no test holds: {sentence}"
    file, name = held.groups()
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert name in functions, f"{file} has no {name}"


def test_the_page_has_its_sentences_and_is_found():
    assert len(SENTENCES) > 25
    assert "(security.md)" in read("docs/index.md")
    assert "docs/security.md" in read("SECURITY.md")
    assert "- security.md" in read("mkdocs.yml")


def test_one_file_listens_and_no_other_speaks_to_the_network():
    assert imports_of(NETWORK) == {
        ("dashboards/web/server.py", "socket"),
        ("dashboards/web/server.py", "uvicorn"),
        # ask whether the Prefect API is there; the kinds of error if not
        ("flows/prefect_flows/api.py", "ssl"),
        ("flows/prefect_flows/api.py", "urllib.request"),
        ("flows/prefect_flows/ownership.py", "httpx"),
        # finds a free port of this machine
        ("flows/prefect_flows/temporary_server.py", "socket"),
        # speaks to the webhooks that [notify] names
        ("flows/steps/notify/webhook.py", "http"),
        ("flows/steps/notify/webhook.py", "ssl"),
        # serves metrics on this machine
        ("flows/steps/metrics/endpoint.py", "http"),
    }


def test_nothing_stored_is_executed():
    assert imports_of(UNPICKLERS) == set()
    for file, called, call in calls():
        assert called not in ("eval", "exec", "compile", "__import__", "torch.load"), file
        if called in ("np.load", "numpy.load"):
            options = {option.arg: ast.unparse(option.value) for option in call.keywords}
            assert options.get("allow_pickle") == "False", file


def test_no_code_changes_rights():
    changing = {(file, name) for file, name, _ in calls() if name.split(".")[-1] in RIGHTS}
    assert changing == set()


def test_evidently_sends_nothing_away():
    import dashboards  # noqa: F401 - sets the environment before Evidently can be imported

    assert os.environ["DO_NOT_TRACK"]
    first = ast.parse(Path(ROOT / "dashboards/__init__.py").read_text(encoding="utf-8"))
    assert "os.environ.setdefault('DO_NOT_TRACK', '1')" in ast.unparse(first)
