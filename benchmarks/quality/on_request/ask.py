"""Ask new users about films, and judge the lists that come of their answers.

    python -m benchmarks.quality.on_request.ask --movielens ml-latest-small

A quarter of the users at a time is hidden, with all that they did, from what is learned. Each of
them answers: yes where they like the film (4 stars or more), else "don't know". The same map makes
a list of the answers to each set of questions, so that the questions alone differ. Beside it stand
lists of sources, which fold in what was answered with yes, and lists where a no to a film that they
rated lower counts for less than "don't know".

Every film that one of the sets asks about is in no list and no label, of any set. Whoever likes no
other film is not judged. Random questions are drawn five times among the films that may be asked
about; each user's figures are means of the draws.

The first quarter is left for choices (`--first`); the figures are of the other three.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.quality.on_request.ndcg_design import by_ndcg
from fusion import Dataset, FitContext, build, from_frames
from fusion.core.arrays import Flags, Rows, Scores
from fusion.metrics.bootstrap import paired_gap
from fusion.metrics.ranking import hits_of, ndcg
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource, fit
from fusion.on_request.by_items import history_of, rank_by_items
from fusion.on_request.choose_questions import Choice, choose_questions
from fusion.on_request.optimal_design import Matrix
from fusion.on_request.questions import Questions

PLACES = 10
COUNTS = (2, 4, 8, 16)
"""Questions that are answered."""
QUARTERS = 4
DRAWS = 5
"""Of random questions."""
SEED = 7
CANDIDATES = 100
"""That a source proposes."""
SOURCES = ("ease", "item_knn", "als", "user_knn")
CHOSEN, POPULAR, RANDOM, NOBODY = "chosen", "most popular", "random", "no answers"
FOLDED, BY_NDCG = "chosen, list of sources", "chosen by NDCG"
BELOW, BELOW_NOTHING = -0.5, "chosen, a no is -0.5"
"""What a no may count for, where "I don't know it" counts for 0."""
SETTINGS = {
    "columns": {"user": "userId", "item": "movieId", "time": "timestamp", "weight": "rating"},
    "positive": "rating >= 4",
}
Figures = dict[tuple[str, int], NDArray[np.float64]]
"""By set of questions and number of answers: NDCG of each user, NaN of those not judged."""
Chosen = tuple[list[int], list[float]]


def most_popular(products: Matrix, own: Matrix, noise: float, most: int) -> Chosen:
    """Choose what most users like, in which order the items come that may be asked about."""
    chosen = list(range(min(most, len(own))))
    return chosen, [0.0] * len(chosen)


def at_random(rng: np.random.Generator) -> Choice:
    """Return a choice that draws among what may be asked about."""

    def _draw(products: Matrix, own: Matrix, noise: float, most: int) -> Chosen:
        chosen = rng.permutation(len(own))[:most].tolist()
        return chosen, [0.0] * len(chosen)

    return _draw


def quarters(data: Dataset) -> Iterator[tuple[Dataset, Rows]]:
    """Yield what is known without a quarter of the users, and these users."""
    shuffled = np.random.default_rng(SEED).permutation(data.n_users)
    for users in np.array_split(shuffled, QUARTERS):
        yield data.take(~np.isin(data.users, users)), np.sort(users).astype(np.int32)


def fit_sources(known: Dataset) -> list[FittedSource]:
    """Fit sources, each of which can score a history that it has not seen."""
    known = known.trim_users()
    return [
        fit(use, build(use, {}), known, CANDIDATES, FitContext(np.random.default_rng(SEED)))
        for use in SOURCES
    ]


class NewUsers:
    """Users who answer questions, judged by films that nobody is asked about."""

    def __init__(self, data: Dataset, users: Rows, asked: Rows) -> None:
        """Take the likes of some users.

        Args:
            data: with all that they like.
            users: (n,) ascending.
            asked: films that are in no list and no label.
        """
        is_theirs = data.liked & np.isin(data.users, users)
        pairs = np.unique(np.stack([data.users[is_theirs], data.items[is_theirs]]), axis=1)
        self.users, self.label_users, self.label_items = users, *pairs
        self.may: Flags = np.ones(data.n_items, bool)
        self.may[asked] = False
        self.likes = [set(pairs[1][pairs[0] == user].tolist()) for user in users]
        self.known = [set(data.items[data.users == user].tolist()) for user in users]

    def answer(self, items: Rows, no: float = 0.0) -> list[dict[int, float]]:
        """Return what each user says of some films: 1 for yes, `no`, 0 for "don't know"."""
        return [
            {item: 1.0 if item in likes else no * (item in known) for item in items.tolist()}
            for likes, known in zip(self.likes, self.known, strict=True)
        ]

    def judge(self, lists: list[Rows]) -> Scores:
        """Return the NDCG of each user's list; NaN of a user without labels."""
        places = np.full((len(lists), PLACES), -1, np.int32)
        for row, items in enumerate(lists):
            places[row, : len(items)] = items
        is_label = self.may[self.label_items]
        labels = self.label_users[is_label], self.label_items[is_label]
        hits, counts = hits_of(places, self.users, *labels)
        judged: Scores = np.where(counts > 0, ndcg(hits, counts, PLACES), np.nan)
        return judged


def folded(sources: list[FittedSource], known: Dataset, new: NewUsers, asked: Rows) -> list[Rows]:
    """Return lists of the sources; what most people like where no answer was yes."""
    popular = choose_questions(known, SEED).rank({}, new.may, PLACES).items
    lists = []
    for answers in new.answer(asked):
        liked = np.array([item for item, is_liked in answers.items() if is_liked], np.int32)
        user = history_of(liked, known.as_of, 4.0, known.n_items)
        ranked = rank_by_items(sources, user, Allowed(new.may), PLACES) if len(liked) else None
        lists.append(ranked.items if ranked else popular)
    return lists


def judge_sets(new: NewUsers, sets: dict[str, Questions]) -> Figures:
    """Judge lists from the answers to each set of questions."""
    figures: Figures = {}
    for name, questions in sets.items():
        nothing = questions.rank({}, new.may, PLACES).items
        figures[NOBODY, 0] = new.judge([nothing] * len(new.users))
        for count in COUNTS:
            answers = new.answer(questions.items[:count])
            lists = [questions.rank(one, new.may, PLACES).items for one in answers]
            figures[name, count] = new.judge(lists)
    return figures


def judge_quarter(data: Dataset, known: Dataset, users: Rows, rng: np.random.Generator) -> Figures:
    """Judge every set of questions with the users of a quarter: means of the draws."""
    sets = {
        CHOSEN: choose_questions(known, SEED),
        POPULAR: choose_questions(known, SEED, most_popular),
        BY_NDCG: choose_questions(known, SEED, by_ndcg(known, max(COUNTS))),
    }
    sources = fit_sources(known)
    draws = defaultdict(list)
    for _ in range(DRAWS):
        sets[RANDOM] = choose_questions(known, SEED, at_random(rng))
        asked = np.concatenate([questions.items[: max(COUNTS)] for questions in sets.values()])
        new = NewUsers(data, users, asked)
        figures = judge_sets(new, sets)
        for count in COUNTS:
            items = sets[CHOSEN].items[:count]
            figures[FOLDED, count] = new.judge(folded(sources, known, new, items))
            answers = new.answer(items, BELOW)
            lists = [sets[CHOSEN].rank(one, new.may, PLACES).items for one in answers]
            figures[BELOW_NOTHING, count] = new.judge(lists)
        for key, values in figures.items():
            draws[key].append(values)
    return {key: np.mean(values, axis=0) for key, values in draws.items()}


def print_figures(figures: Figures) -> None:
    """Print a line for each set and number: the mean, and the gap of what is chosen to it."""
    is_judged = ~np.isnan(figures[NOBODY, 0])
    print(f"{is_judged.sum()} users are judged")
    for (name, count), values in sorted(figures.items(), key=lambda one: (one[0][1], one[0][0])):
        line = f"{count:2d} answers  {name:24s} {values[is_judged].mean():.4f}"
        for against in COUNTS if not count else (count,):
            if name == CHOSEN:
                continue
            ours = figures[CHOSEN, against][is_judged]
            gap = paired_gap(ours, values[is_judged], SEED)
            after = f" after {against}" if not count else ""
            line += f"  chosen{after} {gap.value:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]"
        print(line)


def main() -> None:
    """Hide each quarter but the first from what is learned, ask its users, and print the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--movielens", type=Path, required=True, help="folder with ratings.csv")
    parser.add_argument("--first", action="store_true", help="judge by the first quarter instead")
    given = parser.parse_args()
    data = from_frames(pl.read_csv(given.movielens / "ratings.csv"), settings=SETTINGS)
    rng = np.random.default_rng(SEED)
    parts = [*quarters(data)]
    parts = parts[:1] if given.first else parts[1:]
    judged = [judge_quarter(data, known, users, rng) for known, users in parts]
    print_figures({key: np.concatenate([one[key] for one in judged]) for key in judged[0]})


if __name__ == "__main__":
    main()
