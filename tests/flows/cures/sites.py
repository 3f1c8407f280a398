"""Where the code refuses: every message of an error that people see, read from the source.

A site is called by its file and function, with a number where a function refuses in several ways.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.flows.world import ROOT

PACKAGES = ("fusion", "flows", "storage", "dashboards")
KINDS = {
    *("ConfigError", "DataError", "Refused", "Temporary", "UnknownName", "Overtaken"),
    *("Unavailable", "NoDatabase", "OlderDatabase", "DamagedDatabase"),
    "ValueError",  # of validators: pydantic puts it into a ConfigError
}


@dataclass(frozen=True)
class Site:
    """A statement that makes an error.

    Attributes:
        name: file, function and number.
        kind: class of the error.
        fragments: the constant parts of its message.
    """

    name: str
    kind: str
    fragments: tuple[str, ...]

    def made(self, message: str) -> bool:
        """Whether a message is of this site: it has every constant part, in their order."""
        place = 0
        for fragment in self.fragments:
            place = message.find(fragment, place)
            if place < 0:
                return False
            place += len(fragment)
        return bool(self.fragments)


@cache
def sites() -> dict[str, Site]:
    """Every site of the four packages by name."""
    found = {}
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            found |= {site.name: site for site in _in_file(file)}
    return found


def _in_file(file: Path) -> Iterator[Site]:
    by_function = defaultdict(list)
    for function, error in _errors(ast.parse(file.read_text("utf-8")), ()):
        by_function[function].append(error)
    for function, errors in by_function.items():
        for number, error in enumerate(errors, 1):
            place = f"{file.relative_to(ROOT).as_posix()}:{function}"
            name = f"{place}#{number}" if len(errors) > 1 else place
            yield Site(name, error.func.id, _fragments(error.args))


def _errors(node: ast.AST, stack: tuple[str, ...]) -> Iterator[tuple[str, ast.Call]]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        stack = (*stack, node.name)
    made = node.exc if isinstance(node, ast.Raise) else getattr(node, "value", None)
    is_made = isinstance(node, (ast.Raise, ast.Return)) and isinstance(made, ast.Call)
    if is_made and isinstance(made.func, ast.Name) and made.func.id in KINDS:
        yield ".".join(stack), made
    for child in ast.iter_child_nodes(node):
        yield from _errors(child, stack)


def _fragments(arguments: list[ast.expr]) -> tuple[str, ...]:
    """Constant parts of the first argument, which is the message or begins it."""
    if not arguments:
        return ()
    first = arguments[0]
    parts = first.values if isinstance(first, ast.JoinedStr) else [first]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return tuple(text for text in texts if isinstance(text, str) and text.strip(" .:;,'\n"))
