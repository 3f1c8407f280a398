"""Watch MovieLens latest-small quarter by quarter, and list what was raised.

    python -m benchmarks.past.watched_quarters PATH/ml-latest-small FOLDER

Each watch is that of the product, as of the end of a quarter. What it raises is acknowledged as
expected, so that the next quarter is judged as it would be after somebody has looked.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.past.movielens import CONFIG, QUARTER, SOURCES
from flows.session import Session
from flows.steps.arrivals.watch import watch_placement
from storage.watches.alerts import acknowledge


def open_project(data: Path, folder: Path) -> Session:
    """Make a project over the ratings, with windows of a quarter.

    Args:
        data: folder with `ratings.csv` and `movies.csv`.
        folder: of the project; it must not have one.
    """
    folder.mkdir(parents=True)
    ratings, movies = data.resolve() / "ratings.csv", data.resolve() / "movies.csv"
    entries = "".join(f'\n[[sources]]\nname = "{name}"\n' for name in SOURCES)
    config = folder / "fusion.toml"
    window = f"\n[split]\nwindow = {QUARTER.days}\n"
    config.write_text(CONFIG.format(ratings=ratings, movies=movies) + window + entries)
    return Session.open(config)


def main() -> None:
    """Watch, and print each alarm and each `look` with its quarter."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with ratings.csv and movies.csv")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", default="1999-01-01", help="moment of the first watch")
    parser.add_argument("--last", default="2018-09-24", help="moment after the last one")
    given = parser.parse_args()
    session = open_project(given.data, given.folder)
    now = datetime.fromisoformat(given.first).replace(tzinfo=UTC)
    end = datetime.fromisoformat(given.last).replace(tzinfo=UTC)
    watches, found = 0, {"alarm": 0, "look": 0}
    while now <= end:
        for alert in watch_placement(session, now).alerts:
            if alert.state != "open":
                continue
            found[alert.severity] += 1
            print(f"{now:%Y-%m-%d} {alert.severity} {alert.cause}: {alert.message}", flush=True)
            acknowledge(
                session.engine,
                session.placement,
                alert.id,
                by="benchmark",
                why="the world is as it is",
                is_expected=True,
                at=now,
            )
        watches, now = watches + 1, now + QUARTER
    print(f"{watches} watches, {found['alarm']} alarms, {found['look']} looks")


if __name__ == "__main__":
    main()
