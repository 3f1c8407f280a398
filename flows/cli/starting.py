"""Verbs to start with: the demo, a first configuration, checks."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, app, session
from flows.cli.console import emit, out
from fusion.errors import ConfigError


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="where it is made")] = Path("demo"),
    as_json: Json = False,
) -> int:
    """Run the whole loop on real MovieLens ratings: three runs as of three dates."""
    from flows.cli.demo import run_demo  # noqa: PLC0415

    return run_demo(folder, as_json)


@app.command()
def init(
    interactions: Annotated[str, typer.Argument(help="CSV or Parquet file, folder or glob")],
    items: Annotated[str | None, typer.Option(help="file that describes items")] = None,
    users: Annotated[str | None, typer.Option(help="file that describes users")] = None,
    config: Config = FILE,
    force: Annotated[bool, typer.Option("--force", help="overwrite the configuration")] = False,
    as_json: Json = False,
) -> int:
    """Write a commented configuration for your files; columns are guessed, and said."""
    from flows.steps.init import write  # noqa: PLC0415

    sentences = write(config, interactions, items, users, force)
    if as_json:
        emit({"config": config, "guessed": sentences})
        return 0
    for sentence in sentences:
        out.print(f"  {sentence}", markup=False)
    out.print(f"Wrote {config}. Next: fusion check, then fusion run.", markup=False)
    return 0


@app.command()
def check(
    config: Config = FILE,
    strict: Annotated[bool, typer.Option("--strict", help="treat warnings as errors")] = False,
    as_json: Json = False,
) -> int:
    """Name every problem of the configuration and the data, with counts, examples and cures."""
    from flows.cli.screens import overview as screens  # noqa: PLC0415
    from flows.steps.watch.check import check_all  # noqa: PLC0415

    found = check_all(session(config))
    bad = any(one.severity == "error" or strict for one in found)
    emit({"findings": found, "ok": not bad}) if as_json else screens.findings(out, found)
    return ConfigError.exit_code if bad else 0
