"""Configurations and rules files: valid ones with values of every kind in the place of others."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flows.settings import Config
from fusion.lists.business_rules.rules import RuleSet
from fusion.models.base.registry import known as recommenders
from tests.flows.world import CONFIG as SHOP
from tests.fuzz.case import CONFIG, Case
from tests.fuzz.values import KEYS, TEXTS, VALUES, toml_text, toml_value

Path = tuple[str, ...]
"""Keys that lead to a setting."""
READING = (
    ("check",),
    ("check", "--json"),
    ("status",),
    ("runs", "--json"),
    ("show", "u1"),
    ("prune", "--dry-run"),
    ("diff", "live", "live"),
)
"""Commands that read a configuration and end soon."""
RULES = {
    "allow": [{"items": ["i1", "i2", "i3"]}],
    "pin": [{"item": "i1", "rank": 1}],
    "boost": [{"items": ["i5"], "places": 3, "segment": "club=red"}],
    "limit": [{"category": "title", "share": 0.5}],
    "limit_exposure": [{"items": ["i5", "i6"], "groups": ["head"], "most": 0.5}],
    "diversity": {"by": "text"},
}


def settings_of(model: type[BaseModel], prefix: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """List every setting of a model with the keys that lead to it, sections too."""
    for name, info in model.model_fields.items():
        path = (*prefix, info.alias or name)
        yield path, info
        inner = _model_in(info.annotation)
        if inner is not None:
            yield from settings_of(inner, path)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in get_args(annotation))
    return next((model for model in found if model is not None), None)


def near(info: FieldInfo) -> st.SearchStrategy[Any]:
    """Values that a setting takes, and those just beyond its bounds."""
    values: list[Any] = [] if info.is_required() else [info.default]
    for bound in info.metadata:
        for kind, key in ((Ge, "ge"), (Gt, "gt"), (Le, "le"), (Lt, "lt")):
            if isinstance(bound, kind):
                limit = getattr(bound, key)
                values += [limit, limit - 1, limit + 1, float(limit)]
    for inner in (info.annotation, *get_args(info.annotation)):
        if get_origin(inner) is Literal:
            values += get_args(inner)
    values = [value for value in values if isinstance(value, (bool, int, float, str))]
    return st.sampled_from(values) if values else VALUES


CONFIG_SETTINGS = list(settings_of(Config))
RULE_SETTINGS = list(settings_of(RuleSet))


def place_value(content: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value where keys lead, making the tables on the way."""
    for key in path[:-1]:
        inner = content.get(key) if isinstance(content, dict) else None
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if not isinstance(inner, dict):
            inner = {}
            content[key] = inner
        content = inner
    content[path[-1]] = value


@st.composite
def _changed(
    draw: st.DrawFn, base: dict[str, Any], known: list[tuple[Path, FieldInfo]]
) -> tuple[dict[str, Any], set[str]]:
    """Draw a table with one to three values changed, and the keys that a refusal may name."""
    content, names = deepcopy(base), set()
    for _ in range(draw(st.integers(1, 3))):
        path, info = draw(st.sampled_from(known))
        if draw(st.integers(0, 9)) == 0:
            path = (*path[:-1], draw(KEYS))
        value = draw(st.one_of(VALUES, VALUES, near(info)))
        place_value(content, path, value)
        names |= set(path)
    return content, names


@st.composite
def _mangled(draw: st.DrawFn, text: str) -> str:
    """Draw a text with a piece cut out, doubled or put in."""
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 20)))
    deep = draw(st.sampled_from([1, 200, 20_000]))
    put = draw(
        st.one_of(
            TEXTS,
            st.sampled_from(["[" * deep, "{a=" * deep, "a." * deep + "b = 1\n", "x = 1e999\n"]),
            st.sampled_from(["[data]\n", "[[data]]\n", f"x = {'9' * 5000}\n"]),
            st.sampled_from(["\udc80", "\r", "#\0"]),
            st.just(text[start:end] * 2),
        )
    )
    return text[:start] + put + text[end:]


@st.composite
def sources(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a source with settings of its own."""
    known = recommenders()
    use = draw(st.sampled_from(sorted(known)))
    fields = known[use].Config.model_fields
    settings = {}
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(fields))) if fields else draw(KEYS)
        takes = near(fields[name]) if name in fields else VALUES
        settings[name] = draw(st.one_of(VALUES, takes))
    return {"name": draw(st.one_of(st.just(use), TEXTS)), "use": use, "settings": settings}


@st.composite
def configurations(draw: st.DrawFn) -> Case:
    """Draw a command whose configuration is wrong, or nearly so."""
    words = draw(st.sampled_from(READING))
    content, names = draw(_changed(tomllib.loads(SHOP), CONFIG_SETTINGS))
    kind = draw(st.integers(0, 5))
    if kind == 0:
        content["sources"] = draw(st.lists(sources(), min_size=1, max_size=3))
        names.add("source")
    text = toml_text(content)
    if kind == 1:
        text, names = draw(_mangled(SHOP)), set()
    return Case((*words, "--config", CONFIG), tuple(sorted(names)), text)


@st.composite
def rules_files(draw: st.DrawFn) -> Case:
    """Draw a check of a rules file."""
    content, _ = draw(_changed(RULES, RULE_SETTINGS))
    text = "\n".join(f"{key} = {toml_value(value)}" for key, value in content.items())
    if draw(st.integers(0, 4)) == 0:
        text = draw(_mangled(text))
    name = draw(st.sampled_from(["rules.toml", "rules.toml", "rules", "règles.toml"]))
    config = SHOP.replace("[lists]", f'[lists]\nrules = "{name}"')
    config = config.replace('text = ["title"]', 'text = ["title"]\ncategory = ["title"]')
    raw = text.encode("utf-8", "surrogateescape")
    words = draw(st.sampled_from([("check",), ("check", "--json")]))
    return Case((*words, "--config", CONFIG), (), config, ((name, raw),))
