"""Noise: how often a training on interactions without any structure is admitted.

It should hardly ever be.

    python -m benchmarks.quality.noise [--seeds 20 --users N --items N --events N]

Users, items and moments are drawn evenly and apart from each other, so nothing can be learned; each
seed is another data set, trained with the default sources and settings. Prints the chosen method's
lead over random with its interval.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from fusion.api import fit_fusion, from_frames
from fusion.config import CoreConfig

DAY = 86_400
COLUMNS = {"columns": {"user": "user", "item": "item", "time": "time"}}


def noise(users: int, items: int, events: int, seed: int) -> pl.DataFrame:
    """Interactions (events,) of even chance: user, item, time (epoch seconds of 300 days)."""
    rng = np.random.default_rng([seed, 0x0153])
    drawn = {"user": rng.integers(users, size=events), "item": rng.integers(items, size=events)}
    times = 1_600_000_000 + np.sort(rng.integers(300 * DAY, size=events))
    return pl.DataFrame({**drawn, "time": times}).unique(
        ["user", "item"], keep="first", maintain_order=True
    )


def main() -> None:
    """Train on every seed's data and count what is admitted."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("seeds", 20), ("users", 600), ("items", 300), ("events", 20_000)):
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    admitted = 0
    for seed in range(1, given.seeds + 1):
        data = from_frames(noise(given.users, given.items, given.events, seed), settings=COLUMNS)
        with TemporaryDirectory(prefix="noise-") as folder:
            fused = fit_fusion(data, CoreConfig(seed=seed), Path(folder))
        admitted += fused.admitted
        lead = next(check.message for check in fused.trained.checks if check.name == "beats random")
        verdict = "admitted" if fused.admitted else "refused"
        print(
            f"seed {seed:2d}: {verdict}, {fused.trained.method}; {lead.split(' on users')[0]}",
            flush=True,
        )
    print(f"{admitted} of {given.seeds} admitted")


if __name__ == "__main__":
    main()
