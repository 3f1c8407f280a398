"""Profiles of bots that promote items, as in the literature on shilling.

Lam and Riedl ("Shilling recommender systems for fun and profit", WWW 2004) and Mobasher, Burke,
Bhaumik, Williams ("Toward trustworthy recommender systems", ACM TOIT 2007) describe them for
ratings: every bot takes the promoted items with the highest weight, and fillers that make it look
like somebody.

- `average`: fillers are drawn evenly from the catalogue, each with its mean weight.
- `bandwagon`: fillers are drawn by popularity, with the highest weight.
- `segment`: fillers are drawn by popularity from one kind of items, with the highest weight.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

ATTACKS = ("average", "bandwagon", "segment")
DAY = 86_400
WEEKS = 4
"""Weeks before the end of the data in which a quick campaign is run."""
SECONDS = 30
"""Mean time between two events of a quick bot."""
TAKERS = (2, 10)
"""Of items that are promoted: few people know them, and they are in the data."""
BOT = "bot-"


@dataclass(frozen=True)
class Campaign:
    """A campaign of bots.

    Attributes:
        attack: one of `ATTACKS`.
        share: bots for each genuine user.
        targets: items that are promoted.
        pace: "quick": each bot acts within an hour, all of them in four weeks; "slow": each has the
            times of a genuine user.
        seed: of all draws.
    """

    attack: str
    share: float
    targets: int = 5
    pace: str = "quick"
    seed: int = 1


def inject(
    events: pl.DataFrame, kinds: pl.DataFrame, campaign: Campaign
) -> tuple[pl.DataFrame, list[str]]:
    """Add the bots of a campaign.

    Args:
        events: user and item as text, time in seconds, weight.
        kinds: item, kind; an item may have several rows.
        campaign: what is to be added.

    Returns:
        The events with those of bots, whose ids begin with `BOT`, and the promoted items.
    """
    rng = np.random.default_rng(campaign.seed)
    items = events.group_by("item").agg(pl.len().alias("n"), pl.col("weight").mean()).sort("item")
    rare = items.filter(pl.col("n").is_between(*TAKERS))["item"].to_numpy()
    targets = rng.choice(rare, campaign.targets, replace=False)
    fillers = _fillers(items, kinds, campaign.attack, rng)
    sizes = events.group_by("user").len()["len"]
    length = float(sizes.median())
    times = events.group_by("user", maintain_order=True).agg("time")["time"]
    top = float(events["weight"].max())
    bots = []
    for number in range(max(round(campaign.share * len(sizes)), 1)):
        n_fillers = min(max(rng.poisson(length), 8), len(fillers) // 2)
        drawn = rng.choice(len(fillers), n_fillers, replace=False, p=fillers["chance"].to_numpy())
        own = fillers[drawn].filter(~pl.col("item").is_in(targets))
        taken = np.concatenate([targets, own["item"].to_numpy()])
        weights = np.concatenate([np.full(len(targets), top), own["weight"].to_numpy()])
        order = rng.permutation(len(taken))
        bots.append(
            pl.DataFrame(
                {
                    "user": [f"{BOT}{number}"] * len(taken),
                    "item": taken[order],
                    "time": _times(times, events["time"].max(), len(taken), campaign.pace, rng),
                    "weight": weights[order],
                }
            )
        )
    return pl.concat([events, *bots], how="vertical_relaxed"), targets.tolist()


def _fillers(
    items: pl.DataFrame, kinds: pl.DataFrame, attack: str, rng: np.random.Generator
) -> pl.DataFrame:
    """Items that bots may take beside the promoted ones: item, weight, chance."""
    top = pl.lit(items["weight"].max())
    if attack == "average":
        fillers = items.with_columns(chance=pl.lit(1.0))
    elif attack == "bandwagon":
        fillers = items.with_columns(weight=top, chance=pl.col("n"))
    else:
        sizes = kinds.join(items, on="item").group_by("kind").agg(pl.col("n").sum())
        largest = sizes.sort("n", "kind", descending=True)["kind"].head(8)
        members = kinds.filter(pl.col("kind") == largest[int(rng.integers(len(largest)))])
        own = items.join(members.select("item").unique(), on="item", how="semi")
        fillers = own.with_columns(weight=top, chance=pl.col("n"))
    return fillers.with_columns(pl.col("chance") / pl.col("chance").sum())


def _times(
    times: pl.Series, end: int, n_events: int, pace: str, rng: np.random.Generator
) -> np.ndarray:
    """Times (n_events,) in seconds, ascending, none of them after the end."""
    if pace == "slow":
        own = times[int(rng.integers(len(times)))].to_numpy()
        return np.sort(rng.choice(own, n_events, replace=len(own) < n_events)).astype(np.int64)
    gaps = np.cumsum(rng.exponential(SECONDS, n_events)).astype(np.int64)
    return end - rng.integers(0, WEEKS * 7 * DAY) - gaps[::-1]
