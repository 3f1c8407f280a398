"""Every message of pages and of the terminal, as it stands in templates and code."""

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file

import dashboards
import flows

ROOT = Path(dashboards.__file__).parent
FLOWS = Path(flows.__file__).parent
HANDLERS = [ROOT, FLOWS / "steps" / "site"]
SPOKEN = {"_": None, "gettext": None, "marked": None, "missing_page": (2,), "Recipe": (2,)}
"""Functions that take a message, and which argument of theirs it is; the first where None."""
OF_TERMINAL = ("say", "marked")
"""Functions of the terminal that take a message first."""


def messages() -> Iterator[tuple[str, str]]:
    """Where each message stands, and the message."""
    options = {"trim_blocks": "true", "newstyle_gettext": "true"}
    for file in sorted(ROOT.rglob("*.html")):
        yield from _of_file("jinja2", file, options)
    for folder in HANDLERS:
        for file in sorted(folder.rglob("*.py")):
            yield from _of_file("python", file, {})
    for file in sorted((FLOWS / "cli").rglob("*.py")):
        yield from _of_terminal(file)


def _of_terminal(file: Path) -> Iterator[tuple[str, str]]:
    """Messages of a screen, also those within f-strings, which Babel passes over."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in OF_TERMINAL and node.args and isinstance(node.args[0], ast.Constant):
            # A heading ends in `>` where its column is aligned to the right.
            yield f"{file.name}:{node.lineno}", str(node.args[0].value).removesuffix(">")


def _of_file(method: str, file: Path, options: dict[str, str]) -> Iterator[tuple[str, str]]:
    for line, message, *_ in extract_from_file(method, file, SPOKEN, options=options):
        yield f"{file.name}:{line}", message
