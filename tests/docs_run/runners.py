"""How a block of each language is run, in the folder of its page."""

import re
import sys
import tomllib
from collections.abc import Callable
from contextlib import chdir
from typing import Any

from sqlalchemy import NullPool, create_engine, text

from tests.docs.blocks import Block
from tests.docs_run.place import Place, run_command, words_of

CRON_FIELDS = re.compile(r"^[\d*]\S*(?: \S+){4}  ", re.MULTILINE)
PARAMETERS = {"placement": "default", "user_id": "42", "item_id": "318", "segment": None}
"""Values of the parameters of statements."""


def run_block(block: Block, place: Place) -> None:
    """Run a block that is marked `run`.

    Raises:
        Exception: it ended otherwise than its mark says; a note names page and line.
    """
    try:
        RUNNERS[block.language](block, place)
    except Exception as failure:
        failure.add_note(block.place)
        raise


def _run_shell(block: Block, place: Place) -> None:
    """Give the lines to a shell that ends at the first failure; a crontab's are commands too."""
    commands = CRON_FIELDS.sub("", place.content(block))
    run_command(block, place, ["sh", "-e", "-c", commands])


def _run_console(block: Block, place: Place) -> None:
    """Run each line after a dollar sign, and compare what it prints with the lines below it."""
    for exchange in re.split(r"^\$ ", place.content(block), flags=re.MULTILINE)[1:]:
        line, _, shown = exchange.partition("\n")
        printed = run_command(block, place, ["sh", "-e", "-c", line])
        pattern = ".*".join(map(re.escape, words_of(shown).split("...")))
        assert re.fullmatch(pattern, words_of(printed)), (
            f"`{line}` printed\n{printed}\nand not\n{shown}"
        )


def _run_python(block: Block, place: Place) -> None:
    """Execute the code among the names of the page's earlier blocks; a file is run as one."""
    name = block.option("file")
    if name:
        (place.folder / name).write_text(place.content(block))
        words = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if name.startswith("test_") else []
        run_command(block, place, [sys.executable, *words, name])
        return
    # The blank lines let a traceback name the lines of the page.
    code = "\n" * block.line + place.content(block)
    with chdir(place.folder):
        exec(compile(code, block.page, "exec"), place.names)


def _run_toml(block: Block, place: Place) -> None:
    """Let `fusion check` read the shop's configuration with this block's keys, or as its rules."""
    config = tomllib.loads((place.folder / "fusion.toml").read_text())
    content = place.content(block)
    rules = block.option("file")
    if rules:
        (place.folder / rules).write_text(content)
        config["lists"]["rules"] = rules
    else:
        for section, keys in tomllib.loads(content).items():
            both = isinstance(keys, dict) and section in config
            config[section] = config[section] | keys if both else keys
    (place.folder / "block.toml").write_text(_toml_text(config))
    run_command(block, place, ["fusion", "check", "--strict", "--config", "block.toml"])


def _toml_text(config: dict[str, Any]) -> str:
    return "".join(f"{key} = {_toml_value(value)}\n" for key, value in config.items())


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _run_sql(block: Block, place: Place) -> None:
    """Execute each statement, with values for its parameters; a SELECT gives rows."""
    engine = create_engine(place.url, poolclass=NullPool)
    for statement in filter(str.strip, re.split(r";\s*$", block.content, flags=re.MULTILINE)):
        clause = text(statement)
        values = {name: PARAMETERS[name] for name in clause.compile().params}
        with engine.begin() as connection:
            result = connection.execute(clause, values)
            if not result.returns_rows:
                continue
            rows = result.all()
        expected = block.option("rows")
        assert rows or expected == "0", "no rows"
        assert not expected or len(rows) == int(expected), f"{len(rows)} rows, not {expected}"


RUNNERS: dict[str, Callable[[Block, Place], None]] = {
    "sh": _run_shell,
    "console": _run_console,
    "python": _run_python,
    "toml": _run_toml,
    "sql": _run_sql,
}
