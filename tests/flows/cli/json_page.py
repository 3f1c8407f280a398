"""docs/json.md as types that an answer can be held against."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.docs.pages import read

LINK = re.compile(r"\[([\w ]+)\]\(#[\w-]+\)")
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| .+ \|$", re.MULTILINE)


def is_time(value: Any) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).utcoffset() is not None


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


PLAIN = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: is_number(value) and isinstance(value, int),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "time": is_time,
    "null": lambda value: value is None,
    "any": lambda value: True,
}


@dataclass
class Page:
    """Shapes by name, each with the types of its keys; what answers have shown of them.

    A shape without keys of its own is an answer of another type.
    """

    shapes: dict[str, dict[str, str]]
    answers: dict[str, str]
    seen: set[tuple[str, str]] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, text: str | None = None) -> "Page":
        shapes: dict[str, dict[str, str]] = {}
        answers = {}
        for part in re.split(r"^### ", text or read("docs/json.md"), flags=re.MULTILINE)[1:]:
            heading, _, body = part.partition("\n")
            name = heading.replace("`fusion ", "").replace("`", "")
            keys = dict(ROW.findall(body))
            if inherited := re.search(r"^The keys of \[([\w ]+)\]", body, re.MULTILINE):
                keys = shapes[inherited[1]] | keys
            if keys:
                shapes[name] = keys
            answer = re.search(r"^Answer: (.+?)[,.]", body, re.MULTILINE)
            answers[name] = answer[1] if answer else f"[{name}](#{name.lower()})"
        return cls(shapes, answers)

    def unseen(self) -> set[tuple[str, str]]:
        """Keys of the page that no answer had."""
        return {(name, key) for name, keys in self.shapes.items() for key in keys} - self.seen

    def hold(self, verb: str, answer: Any) -> None:
        """Hold a verb's answer against its section."""
        if not self._fits(answer, self.answers[verb], verb):
            self.problems.append(f"{verb}: is no {self.answers[verb]}")

    def _fits(self, value: Any, kind: str, where: str) -> bool:
        for end in (" or absent", " or null"):
            if kind.endswith(end):
                return value is None or self._fits(value, kind.removesuffix(end), where)
        if kind.startswith("list of "):
            inner = kind.removeprefix("list of ")
            return isinstance(value, list) and all(
                [self._fits(one, inner, f"{where}[]") for one in value]
            )
        if kind.startswith("map of "):
            inner = kind.removeprefix("map of ")
            return isinstance(value, dict) and all(
                [self._fits(one, inner, f"{where}.*") for one in value.values()]
            )
        return any(self._is(value, one, where) for one in kind.split(" or "))

    def _is(self, value: Any, kind: str, where: str) -> bool:
        if link := LINK.fullmatch(kind):
            if isinstance(value, dict):
                self._compare(value, link[1], where)
            return isinstance(value, dict)
        return PLAIN[kind](value)

    def _compare(self, value: dict[str, Any], shape: str, where: str) -> None:
        keys = self.shapes[shape]
        needed = {key for key, kind in keys.items() if not kind.endswith("or absent")}
        for key in sorted(value.keys() - keys.keys()):
            self.problems.append(f"{where}.{key}: is not in the page")
        for key in sorted(needed - value.keys()):
            self.problems.append(f"{where}.{key}: stands in the page, and is missing")
        for key in value.keys() & keys.keys():
            self.seen.add((shape, key))
            if not self._fits(value[key], keys[key], f"{where}.{key}"):
                self.problems.append(f"{where}.{key}: {value[key]!r:.80} is no {keys[key]}")
