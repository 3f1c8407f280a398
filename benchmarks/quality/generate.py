"""Generated interactions with a known structure: tastes drift, items trend, new items arrive."""

from pathlib import Path

import numpy as np
import polars as pl

DAY = 86_400
START = 1_600_000_000


def interactions(
    users: int, items: int, events: int, seed: int, days: int = 364, groups: int = 40
) -> pl.DataFrame:
    """user, item, time (epoch seconds) of `events` events over `days`.

    Every item belongs to a group and is born on some day, most on the first; its pull rises and
    fades after birth. A user likes a few groups, one of which he drops for another half-way. A
    quarter of the events ignore taste. Only a user's first event with an item stays, so that fewer
    than `events` come back.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(groups, size=items)
    born = np.where(rng.random(items) < 0.6, 0, rng.integers(days, size=items))
    pull = rng.zipf(1.6, size=items).clip(max=2000) ** 0.7
    fade = rng.uniform(30, 400, size=items)
    weight = rng.pareto(1.3, size=users) + 0.2
    who = rng.choice(users, size=events, p=weight / weight.sum())
    day = np.sort(rng.integers(days, size=events))
    likes = rng.integers(groups, size=(users, 4))
    slot = rng.integers(3, size=events)
    slot = np.where((slot == 0) & (day > days // 2), 3, slot)
    wanted = np.where(
        rng.random(events) < 0.25, rng.integers(groups, size=events), likes[who, slot]
    )
    picked = np.empty(events, np.int64)
    members = [np.flatnonzero(group == g) for g in range(groups)]
    if not all((born[mine] < 7).any() for mine in members):
        raise ValueError(
            f"{items} items leave some of {groups} groups without any in the first week; "
            "ask for more"
        )
    for week in range(0, days, 7):
        here = np.flatnonzero((day >= week) & (day < week + 7))
        age = np.maximum(week + 7 - born, 0)
        now = pull * np.where(age > 0, np.exp(-age / fade) + 0.05, 0.0)
        for g in range(groups):
            mine = here[wanted[here] == g]
            if len(mine):
                chance = now[members[g]]
                picked[mine] = rng.choice(members[g], size=len(mine), p=chance / chance.sum())
    time = START + day * DAY + rng.integers(DAY, size=events)
    frame = pl.DataFrame({"user": who, "item": picked, "time": time}).sort(
        "time", maintain_order=True
    )
    return frame.unique(["user", "item"], keep="first", maintain_order=True)


def distinct_interactions(users: int, items: int, events: int, seed: int) -> pl.DataFrame:
    """Return the same, but exactly `events` different (user, item) pairs.

    Draws more until there are enough, and thins.
    """
    drawn = events
    while len(frame := interactions(users, items, drawn, seed)) < events:
        drawn = int(1.1 * drawn * events / len(frame))
    kept = np.sort(np.random.default_rng(seed).choice(len(frame), events, replace=False))
    return frame[kept]


def write(folder: Path, frame: pl.DataFrame) -> Path:
    """Write the interactions as Parquet into `folder`; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / "interactions.parquet")
    return folder / "interactions.parquet"
