"""A shop whose users like one kind of item each, and whose items say of their kind nothing."""

import csv
from pathlib import Path

import numpy as np

DAY = 86_400
START = 1_700_000_000
CONFIG = """\
[data]
interactions = "log.csv"

[data.columns]
user = "user"
item = "item"
time = "time"

[[data.vectors]]
{vectors}

[[sources]]
name = "popularity"

[[sources]]
name = "item_knn"

# Places an item that nobody has taken yet by its vectors.
[[sources]]
name = "content_map"
settings = {{ encoder = "none" }}
"""


def make_shop(folder: Path, kinds: list[int], vectors: str, n_users: int = 150) -> None:
    """Write who took what, and the configuration.

    Args:
        folder: where both are written.
        kinds: kind of each item; items are called 0, 1, 2, ...
        vectors: the lines of `[[data.vectors]]`.
        n_users: each takes twelve items, nine of them of the one kind that they like.
    """
    rng = np.random.default_rng(5)
    kind_of = np.array(kinds)
    rows = []
    for user in range(n_users):
        liked = user % (kind_of.max() + 1)
        own = rng.permutation(np.flatnonzero(kind_of == liked))[:9]
        others = rng.permutation(np.flatnonzero(kind_of != liked))[:3]
        for item in [*own, *others]:
            rows.append((START + int(rng.integers(90 * DAY)), f"u{user}", int(item)))
    with (folder / "log.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "user", "item"))
        writer.writerows(sorted(rows))
    (folder / "fusion.toml").write_text(CONFIG.format(vectors=vectors))
