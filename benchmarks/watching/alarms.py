"""Print how often watches of steady shops raise a false alarm, beside the rate that was asked for.

Each shop is watched every week (or day, or hour) from the tenth week on, as `fusion watch` would:
what it kept judges what comes. An alarm is a false one, since nothing but chance, weekdays and the
coming and going of people and items happens there; the day or window that raised it is then taken
as expected, and counts once however often it is looked at.
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
PER_WEEK = {"week": 1, "day": 7, "hour": 168}
"""Watches in a week."""
SHOPS = {
    "small": {"users": 40},
    "small, items on Mondays": {"users": 40, "mondays": True},
    "middling": {"users": 250},
    "middling, growing by half a year": {"users": 250, "growth": 0.5},
    "large, items on Mondays": {"users": 900, "items": 1500, "mondays": True},
}
"""Steady shops: people on a usual day, and habits. The last has some 4,000 people a month."""


def false_alarms(world: World, weeks: int, rate: float, per_week: int) -> list[str]:
    """Watch a steady shop again and again.

    Args:
        world: its history.
        weeks: of it.
        rate: false alarms that are expected in a year.
        per_week: watches in a week.

    Returns:
        Messages of all alarms.
    """
    data = as_read(until(world, FIRST_WEEK))
    layout, past, known = Layout.first(at(FIRST_WEEK), 7, "UTC"), Past(), None
    edges, messages = data.edges, {}
    for turn in range((weeks - FIRST_WEEK) * per_week):
        week = FIRST_WEEK + turn / per_week
        data = as_read(until(world, week), edges)
        now = digest(data, layout, week, known)
        pair = (known, now) if known else None
        # What is unusual here is health: it is kept, and the next week is judged.
        expected = {"day": date.max, "window": date.max}
        watched = watch(
            data, past, layout, at(week), false_alarms=rate, known=pair, expected=expected
        )
        for alarm in watched.alarms:
            seen = (alarm.cause, alarm.unit, alarm.start)
            messages.setdefault(seen, f"week {week:.2f}: {alarm.message}")
        known = now
    return list(messages.values())


def main() -> None:
    """Print a row for each shop, and the rate with its upper bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--weeks", type=int, default=110)
    parser.add_argument("--rate", type=float, default=1.0, help="false alarms asked for, a year")
    parser.add_argument("--every", choices=PER_WEEK, default="week", help="between two watches")
    parser.add_argument("--shop", choices=SHOPS, action="append", help="default: all")
    options = parser.parse_args()
    total, years, per_week = 0, 0.0, PER_WEEK[options.every]
    print("| shop | seed | events | watches | alarms | seconds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in options.shop or SHOPS:
        for seed in range(1, options.seeds + 1):
            started = time.perf_counter()
            world = make_world(Shop(days=7 * options.weeks, seed=seed, **SHOPS[name]))
            messages = false_alarms(world, options.weeks, options.rate, per_week)
            total += len(messages)
            years += (options.weeks - FIRST_WEEK) / 52
            seconds = time.perf_counter() - started
            watches = (options.weeks - FIRST_WEEK) * per_week
            row = (name, seed, f"{len(world.events):,}", f"{watches:,}", len(messages))
            print(f"| {' | '.join(map(str, row))} | {seconds:.0f} |", flush=True)
            for message in messages:
                print(f"    {message}", flush=True)
    upper = chi2.ppf(0.975, 2 * total + 2) / 2 / years
    print(f"{total} alarms in {years:.1f} years: {total / years:.2f} a year, at most {upper:.2f}")


if __name__ == "__main__":
    main()
