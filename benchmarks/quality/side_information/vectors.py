"""Lists with and without vectors of items.

    python -m benchmarks.quality.side_information.vectors --seeds 1,2

On a generated shop whose likes follow looks (`comparisons`): `content_map` on hidden items,
and fused lists on all, with the kind of an item alone and with its picture as well. What is beside
a row is the last row of the world less it, paired over users.
"""

import argparse
from dataclasses import replace

from benchmarks.quality.side_information.comparisons import generated, on_all_items, on_hidden_items
from fusion.data.facts import ItemFacts


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--only", choices=("hidden", "all"), help="one of the two tables")
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    worlds = []
    for seed in seeds:
        data = replace(generated(seed), facts=ItemFacts())
        worlds.append({"kinds": replace(data, vectors={}), "kinds, vectors": data})
    if given.only != "all":
        on_hidden_items(worlds, seeds)
    if given.only != "hidden":
        on_all_items(worlds, seeds)


if __name__ == "__main__":
    main()
