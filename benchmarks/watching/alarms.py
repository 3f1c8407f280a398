"""Print how often watches of steady shops raise a false alarm, beside the rate that was asked for.

Each shop is watched every week from the tenth on, as `fusion watch` would: what it kept judges what
comes. An alarm is a false one, since nothing but chance, weekdays and the coming and going of
people and items happens there; the window that raised it is then taken as expected.
"""

import argparse
import time
from datetime import date

from scipy.stats import chi2

from benchmarks.watching.watched_shop import as_read, at, digest, until
from benchmarks.watching.worlds import Shop, World, make_world
from fusion.watching.past import Layout, Past
from fusion.watching.watch import watch

FIRST_WEEK = 10
SHOPS = {
    "small": {"users": 40},
    "small, items on Mondays": {"users": 40, "mondays": True},
    "middling": {"users": 250},
    "middling, growing by half a year": {"users": 250, "growth": 0.5},
    "large, items on Mondays": {"users": 900, "items": 1500, "mondays": True},
}
"""Steady shops: people on a usual day, and habits. The last has some 4,000 people a month."""


def false_alarms(world: World, weeks: int, rate: float) -> list[str]:
    """Watch a steady shop every week.

    Args:
        world: its history.
        weeks: of it.
        rate: false alarms that are expected in a year.

    Returns:
        Messages of all alarms.
    """
    data = as_read(until(world, FIRST_WEEK))
    layout, past, known = Layout.first(at(FIRST_WEEK), 7, "UTC"), Past(), None
    edges, messages = data.edges, []
    for week in range(FIRST_WEEK, weeks):
        data = as_read(until(world, week), edges)
        now = digest(data, layout, week, known)
        pair = (known, now) if known else None
        # What is unusual here is health: it is kept, and the next week is judged.
        expected = {"day": date.max, "window": date.max}
        watched = watch(
            data, past, layout, at(week), false_alarms=rate, known=pair, expected=expected
        )
        messages += [f"week {week}: {alarm.message}" for alarm in watched.alarms]
        known = now
    return messages


def main() -> None:
    """Print a row for each shop, and the rate with its upper bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--weeks", type=int, default=110)
    parser.add_argument("--rate", type=float, default=1.0, help="false alarms asked for, a year")
    parser.add_argument("--shop", choices=SHOPS, action="append", help="default: all")
    options = parser.parse_args()
    total, years = 0, 0.0
    print("| shop | seed | events | watches | alarms | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in options.shop or SHOPS:
        for seed in range(1, options.seeds + 1):
            started = time.perf_counter()
            world = make_world(Shop(days=7 * options.weeks, seed=seed, **SHOPS[name]))
            messages = false_alarms(world, options.weeks, options.rate)
            total += len(messages)
            years += (options.weeks - FIRST_WEEK) / 52
            seconds = time.perf_counter() - started
            row = (name, seed, f"{len(world.events):,}", options.weeks - FIRST_WEEK, len(messages))
            print(f"| {' | '.join(map(str, row))} | {seconds:.0f} |", flush=True)
            for message in messages:
                print(f"    {message}", flush=True)
    upper = chi2.ppf(0.975, 2 * total + 2) / 2 / years
    print(f"{total} alarms in {years:.1f} years: {total / years:.2f} a year, at most {upper:.2f}")


if __name__ == "__main__":
    main()
