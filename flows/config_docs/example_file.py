"""The file `config/fusion.toml`: every key with its meaning and default."""

from textwrap import fill
from typing import Any

from pydantic.fields import FieldInfo

from flows.config_docs.sections import WIDTH, Section, default_set, sections, toml
from flows.settings import Config

EXAMPLES: dict[str, Any] = {
    "compute.workers": 2,
    "compute.scheduler": "tcp://10.0.0.1:8786",
    "data.interactions": "ratings.csv",
    "data.items": "movies.csv",
    "data.users": "users.csv",
    "data.facts": "facts.csv",
    "data.queries": "searches.csv",
    "data.fact_columns.item": "movieId",
    "data.fact_columns.valid_from": "since",
    "data.query_columns.user": "userId",
    "data.query_columns.time": "timestamp",
    "data.opt_out": "opted_out.txt",
    "data.positive": "weight >= 4",
    "data.columns.time": "timestamp",
    "data.columns.weight": "rating",
    "data.columns.event": "type",
    "data.item_columns.id": "movieId",
    "data.item_columns.available_from": "released",
    "data.item_columns.available_until": "retired",
    "data.user_columns.id": "userId",
    "data.user_columns.opt_out": "no_tracking",
    "data.events": {"purchase": 5.0, "click": 1.0},
    "artifacts.store": "s3://shop/stages",
    "split.window": 28,
    "ranker.leaves": 7,
    "ranker.learning_rate": 0.05,
    "ranker.seeds": 2,
    "gate.exposure_ratio": 3.0,
    "gate.segment_gap": 0.5,
    "monitor.exposure_ratio": 3.0,
    "limits.stage_seconds": 7200.0,
    "limits.run_seconds": 28800.0,
    "limits.source_memory": 4.0,
    "retention.explanation_days": 14.0,
    "retention.sample_days": 90.0,
    "retention.quarantine_days": 30.0,
    "retention.alert_days": 365.0,
    "retention.decision_days": 365.0,
    "retention.realised_days": 730.0,
    "retention.notification_days": 365.0,
    "tracking.to": "mlflow",
    "tracking.uri": "http://127.0.0.1:5000",
    "ui.token": "at least sixteen characters",
    "notify.secret": "at least sixteen characters",
    "storage.schema_name": "shop",
    "lists.rules": "rules.toml",
    "sources": {
        "name": "als",
        "use": "als",
        "k": 100,
        "refit": "fold",
        "settings": {"factors": 64},
    },
    "priors": {
        "name": "parents",
        "history": ["genres=Children"],
        "items": ["genres=Horror"],
    },
    "data.vectors": {
        "of": "items",
        "path": "posters.parquet",
        "id": "movieId",
        "column": "vector",
        "name": "posters",
    },
    "data.checks": {
        "name": "ratings",
        "table": "interactions",
        "severity": "quarantine",
        "column": "rating",
        "min": 0.5,
        "max": 5,
        "values": ["click", "purchase"],
        "pattern": "[a-z]+",
        "unique": ["userId", "movieId", "timestamp"],
        "min_rows": 1000,
        "expression": "price > 0 or is_free = 'yes'",
    },
}
"""Values shown for keys that have no default to show."""
ABOUT_LISTS = {
    "sources": f"Base recommenders. Without any of these tables: {default_set()}",
    "priors": "Rules of thumb: who took items of one group wants items of another more, or less. "
    "The ranker learns how much, and which of the two.",
    "data.vectors": "Vectors of items or users that you have: of pictures, sounds, models. A .npy "
    "matrix has ids in place of id and column.",
    "data.checks": "Checks of your own. Each has one rule: min and max, values, pattern, unique, "
    "min_rows or expression.",
}
"""What stands over the entry of a list of tables."""
INSTEAD = ("values", "pattern", "unique", "min_rows", "expression")
"""Keys of a check of which only one may stand, in place of bounds."""
HEAD = """\
# Every key of the configuration with its default; what has none is commented out with an example.
# Written by `python -m flows.config_docs` from the models in the code. `fusion init FILE` writes a
# shorter one for your own files. docs/configuration.md is the same as a table.
"""


def example() -> str:
    """Write `config/fusion.toml`; what has no default is commented out."""
    return "\n".join([HEAD, *map(_section, sections(Config))])


def _section(section: Section) -> str:
    if section.is_list:
        return _entry(section)
    parts = [f"[{section.name}]\n"] if section.name else []
    tables = []
    for key in section.keys:
        field = section.model.model_fields[key]
        path = section.path(key)
        if path == "data.events":  # a table of its own, which TOML wants after the plain keys
            tables.append(_events(path, field))
        else:
            parts.append(_key(key, path, field))
    return "".join([*parts, *tables])


def _key(key: str, path: str, field: FieldInfo) -> str:
    """A key under its meaning, commented out where it has no default."""
    meaning = _comment(field.description or "")
    if field.is_required():
        return f"{meaning}{key} = {toml(EXAMPLES[path])}\n"
    value = field.get_default(call_default_factory=True)
    if value is None:  # TOML has no null
        return f"{meaning}# {field.alias or key} = {toml(EXAMPLES[path])}\n"
    return f"{meaning}{key} = {toml(value)}\n"


def _events(path: str, field: FieldInfo) -> str:
    lines = [f"\n[{path}]\n", _comment(field.description or "")]
    for event, weight in EXAMPLES[path].items():
        lines.append(f"# {event} = {toml(weight)}\n")
    return "".join(lines)


def _entry(section: Section) -> str:
    """One entry of a list of tables, commented out: it is an example, and no default."""
    lines = [_comment(ABOUT_LISTS[section.name])]
    lines.append(f"# [[{section.name}]]\n")
    for key, value in EXAMPLES[section.name].items():
        field = section.model.model_fields[key]
        sign = "# or: " if key in INSTEAD else "# "
        lines.append(f"{_comment(field.description or '')}{sign}{key} = {toml(value)}\n")
    return "".join(lines)


def _comment(words: str) -> str:
    """Wrap a sentence as a comment that begins with a capital."""
    sentence = words[0].upper() + words[1:]
    return fill(sentence, WIDTH, initial_indent="# ", subsequent_indent="#   ") + "\n"
