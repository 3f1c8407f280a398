"""Lists with and without facts about items.

    python -m benchmarks.quality.side_information.facts --seeds 1,2
    python -m benchmarks.quality.side_information.facts --movielens ml-latest-small --seeds 1

On a generated shop whose likes follow makers (`comparisons`), or on MovieLens with facts made
of what is there: the year, pairs of genres, and tags, each from the moment on at which somebody
first wrote it. `content_map` on hidden items, and fused lists on all. A hidden film stands for a
new one, which has no tags yet: "tags of others" leaves those of hidden films out, and "tags too
early" leaves them in, as whoever forgets `valid_from` does. What is beside a row is the last row
less it, paired over users.
"""

import argparse
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.cold.hidden import MIN_LIKES, hide
from benchmarks.quality.cold.worlds import movielens
from benchmarks.quality.side_information.comparisons import generated, on_all_items, on_hidden_items
from fusion.data.dataset import Dataset
from fusion.data.facts import SCHEMA, ItemFacts


def movielens_facts(folder: Path, data: Dataset) -> ItemFacts:
    """Make facts of MovieLens's own files."""
    films = pl.read_csv(folder / "movies.csv").with_columns(pl.col("movieId").cast(pl.String))
    rows = []
    for film, title, genres in films.iter_rows():
        year = title.strip()[-5:-1]
        if year.isdigit():
            rows.append((film, "year", year, None))
        for pair in combinations(sorted(genres.split("|")), 2):
            rows.append((film, "genres", " and ".join(pair), None))
    tags = pl.read_csv(folder / "tags.csv").with_columns(
        pl.col("movieId").cast(pl.String), pl.col("tag").str.to_lowercase().str.strip_chars()
    )
    first = tags.group_by("movieId", "tag").agg(pl.col("timestamp").min() * 1000)
    rows += [(film, "tag", tag, moment) for film, tag, moment in first.iter_rows()]
    names = {"movieId": pl.String} | {name: SCHEMA[name] for name in [*SCHEMA][1:]}
    table = pl.DataFrame(rows, schema=names, orient="row")
    items = data.item_ids.rows(table["movieId"])
    numbered = table.with_columns(pl.Series("item", items)).filter(pl.Series(items >= 0))
    ordered = numbered.select(*SCHEMA).sort("item", "relation", "value")
    return ItemFacts(ordered, ("genres", "tag", "year")).before(data.as_of)


def print_tagged(data: Dataset, facts: ItemFacts) -> None:
    """Print how many films with ratings have a tag, and had one before anybody rated them."""
    first = np.full(data.n_items, np.iinfo(np.int64).max)
    np.minimum.at(first, data.items, data.times)
    tags = facts.table.filter(relation="tag")
    items = tags["item"].to_numpy()
    is_rated = data.item_counts[items] >= MIN_LIKES
    was_there = is_rated & (tags["valid_from"].to_numpy() < first[items])
    n_tagged, n_before = len(np.unique(items[is_rated])), len(np.unique(items[was_there]))
    n_rated = int((data.item_counts >= MIN_LIKES).sum())
    print(f"of {n_rated} films with ratings {n_tagged} have a tag; {n_before} had one before them")


def without_tags_of(items: np.ndarray, facts: ItemFacts) -> ItemFacts:
    """Leave out the tags of some items."""
    is_out = pl.col("item").is_in(items) & (pl.col("relation") == "tag")
    return replace(facts, table=facts.table.filter(~is_out))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--movielens", type=Path, help="folder with ratings.csv and tags.csv")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--only", choices=("hidden", "all"), help="one of the two tables")
    given = parser.parse_args()
    seeds = [int(seed) for seed in given.seeds.split(",")]
    hidden, everything = [], []
    for seed in seeds:
        if given.movielens:
            bare = movielens(given.movielens)
            facts = movielens_facts(given.movielens, bare)
            print_tagged(bare, facts)
            of_others = without_tags_of(hide(bare, seed).items, facts)
            rows = {"text, genres, year": bare}
            hidden.append(
                rows
                | {"and facts, tags too early": replace(bare, facts=facts)}
                | {"and facts, tags of others": replace(bare, facts=of_others)}
            )
            everything.append(rows | {"and facts": replace(bare, facts=facts)})
        else:
            data = replace(generated(seed), vectors={})
            worlds = {"kinds": replace(data, facts=ItemFacts()), "kinds, facts": data}
            hidden.append(worlds)
            everything.append(worlds)
    if given.only != "all":
        on_hidden_items(hidden, seeds)
    if given.only != "hidden":
        on_all_items(everything, seeds)


if __name__ == "__main__":
    main()
