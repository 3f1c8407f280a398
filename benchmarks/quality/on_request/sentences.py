"""Ask for films by sentences, and count how many of the first ten carry what was asked.

    python -m benchmarks.quality.on_request.sentences --movielens ml-latest-small

A film carries it where it has every genre that the sentence asks for. The weights of `by_text` were
chosen with eighty other sentences.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import polars as pl

from fusion.data.catalogue import SCHEMA, Catalogue
from fusion.on_request.by_text import TextIndex

PLACES = 10
ENOUGH = 7
"""Of the first ten."""
ASKED = {
    "Horror": ("ghosts and haunted houses, horror", "闹鬼的恐怖电影"),
    "Western, Comedy": ("a funny western", "搞笑的西部片"),
    "Children, Comedy": ("comedy for the whole family and children", "孩子们爱看的喜剧"),
    "Crime": ("bank robbers and gangsters, crime", "犯罪题材的电影"),
    "War, Romance": ("romance in a time of war", "战争年代的爱情"),
    "Sci-Fi, Comedy": ("science fiction comedy", "科幻喜剧"),
    "Documentary, War": ("documentary about war", "关于战争的纪录片"),
    "Musical, Comedy": ("musical comedy", "音乐歌舞喜剧"),
    "Thriller": ("a tense thriller", "紧张的惊悚片"),
    "Sci-Fi, Adventure": ("science fiction adventure", "科幻冒险电影"),
    "Animation": ("animation", "动画"),
    "Action, Thriller": ("action thriller", "动作惊悚电影"),
    "Drama, Romance": ("drama and romance", "浪漫的剧情片"),
    "Western, Action": ("western with a lot of action", "动作西部片"),
    "Fantasy, Romance": ("fantasy romance", "奇幻爱情电影"),
    "Horror, Mystery": ("mystery and horror", "悬疑恐怖片"),
    "Adventure, Comedy": ("adventure comedy", "冒险喜剧"),
    "Crime, Drama": ("crime drama", "犯罪剧情片"),
    "Animation, Children": ("animation for children", "给孩子看的动画"),
    "Documentary": ("true stories, documentary", "真实故事的纪录片"),
}
"""Genres, and how they are asked for in English and in Chinese."""


def read_catalogue(movies: Path) -> Catalogue:
    """Return the films of MovieLens, all of which may be listed.

    Args:
        movies: the file `movies.csv`.
    """
    films = pl.read_csv(movies)
    genres = (
        films["genres"]
        .str.split("|")
        .list.eval(pl.element().filter(pl.element() != "(no genres listed)"))
    )
    never = [None] * len(films)
    columns = {
        "text": films["title"],
        "categories": genres,
        "is_open": [True] * len(films),
        "available_from": never,
        "available_until": never,
    }
    return Catalogue(pl.DataFrame(columns, schema=SCHEMA))


def main() -> None:
    """Ask every sentence, and print a line for each and the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movielens", type=Path, required=True, help="folder with movies.csv")
    given = parser.parse_args()
    catalogue = read_catalogue(given.movielens / "movies.csv")
    index, may = TextIndex(catalogue), np.ones(len(catalogue), bool)
    index.rank("loads what is loaded once", may, 1)
    genres = catalogue.table["categories"].to_list()
    seconds = []
    for language in (0, 1):
        counts = []
        for wanted, sentences in ASKED.items():
            started = time.perf_counter()
            ranked = index.rank(sentences[language], may, PLACES)
            seconds.append(time.perf_counter() - started)
            asked = set(wanted.split(", "))
            counts.append(sum(asked <= set(genres[item]) for item in ranked.items))
            print(f"{counts[-1]:2d} of {PLACES}  {wanted:22s}  {sentences[language]}")
        enough = sum(count >= ENOUGH for count in counts)
        name = ("English", "Chinese")[language]
        print(f"{name}: {enough} of {len(counts)} have {ENOUGH}; mean {np.mean(counts):.1f}\n")
    median, most = np.median(seconds), max(seconds)
    print(f"an answer takes {1000 * median:.0f} ms (median), {1000 * most:.0f} at most")


if __name__ == "__main__":
    main()
