"""RecTools' models on one hold-out.

The Python of an environment of their own runs them (see requirements.txt).

    PEERS/bin/python run.py FOLDER --seconds 600 MODEL [MODEL ...]

FOLDER holds `known.parquet` (user, item, time in ms), `users.parquet` (user) and `task.json` (hold,
days, share, seed). Each model leaves `MODEL.parquet` (user, rank from 1, item) and `MODEL.json`
(seconds, settings). ALS, EASE and item neighbours take the best of a few settings on a label window
inside the known interactions that is shaped like the hold-out; SASRec stops early on the last item
of a tenth of the users. Half the seconds go into that search at most.
"""

import argparse
import json
import time
import warnings
from datetime import timedelta
from pathlib import Path

import pandas as pd
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from lightgbm import LGBMRanker
from rectools import Columns
from rectools.dataset import Dataset
from rectools.metrics import NDCG
from rectools.model_selection import LastNSplitter, RandomSplitter, Splitter, TimeRangeSplitter
from rectools.models import (
    EASEModel,
    ImplicitALSWrapperModel,
    ImplicitItemKNNWrapperModel,
    PopularModel,
)
from rectools.models.base import ModelBase
from rectools.models.ranking import (
    CandidateGenerator,
    CandidateRankingModel,
    PerUserNegativeSampler,
    Reranker,
)
from sasrec import fit_sasrec
from threadpoolctl import threadpool_limits

K = 10
THREADS = 2
SEARCHED: dict[str, list[dict]] = {
    "popular": [{}],
    "als": [{"factors": factors, "alpha": alpha} for factors in (64, 128) for alpha in (1, 10)],
    "ease": [{"regularization": weight} for weight in (500.0, 200.0, 1000.0, 100.0, 4000.0)],
    "item_knn": [{"kind": kind, "k": k} for kind in ("bm25", "cosine") for k in (100, 20)],
}
"""Settings tried, likely ones first."""


class GroupedReranker(Reranker):
    """LightGBM's ranker with its users kept together, as RecTools' tutorial does it."""

    def prepare_fit_kwargs(self, candidates_with_target: pd.DataFrame) -> dict:
        """Sort by user and hand over how many candidates each has."""
        table = candidates_with_target.sort_values(Columns.User, kind="stable")
        sizes = table.groupby(Columns.User).size().to_numpy()
        return super().prepare_fit_kwargs(table) | {"group": sizes}


class Task:
    """A hold-out: the known interactions, whom to serve, and the shape of the label window."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        self.settings = json.loads((folder / "task.json").read_text())
        self.seed = self.settings["seed"]
        known = pd.read_parquet(folder / "known.parquet").rename(columns={"time": Columns.Datetime})
        known = known.rename(columns={"user": Columns.User, "item": Columns.Item}).assign(
            **{Columns.Weight: 1.0}
        )
        known[Columns.Datetime] = pd.to_datetime(known[Columns.Datetime], unit="ms")
        self.events = Dataset.construct(known)
        self.pairs = Dataset.construct(known.drop_duplicates(Columns.UserItem, keep="last"))
        self.users = pd.read_parquet(folder / "users.parquet")["user"].to_numpy()
        self.chosen: dict[str, dict] = {}

    def splitter(self) -> Splitter:
        """A label window inside the known interactions, shaped like the hold-out."""
        if self.settings["hold"] == "last":
            return LastNSplitter(1)
        if self.settings["hold"] == "random":
            return RandomSplitter(self.settings["share"], random_state=self.seed)
        return TimeRangeSplitter(f"{self.days()}D")

    def days(self) -> int:
        """Return the length of that window.

        It is the hold-out's, or a fifth of what is known where less than four would stay before.
        """
        when = self.events.interactions.df[Columns.Datetime]
        return max(1, min(self.settings["days"], (when.max() - when.min()).days // 5))

    def model(self, name: str, settings: dict) -> ModelBase:
        """A model of the first stage, not fitted."""
        if name == "popular":
            recent = self.settings["hold"] == "time"
            return PopularModel(period=timedelta(days=self.days()) if recent else None)
        if name == "als":
            als = AlternatingLeastSquares(
                **settings, iterations=15, random_state=self.seed, num_threads=THREADS
            )
            return ImplicitALSWrapperModel(als, recommend_n_threads=THREADS)
        if name == "ease":
            return EASEModel(**settings)
        kind = {"bm25": BM25Recommender, "cosine": CosineRecommender}[settings["kind"]]
        return ImplicitItemKNNWrapperModel(kind(K=settings["k"], num_threads=THREADS))

    def search(self, name: str) -> dict:
        """The best settings of SEARCHED on the inner label window, within half the seconds."""
        told = self.folder / f"{name}.json"
        if name not in self.chosen and told.exists():
            self.chosen[name] = json.loads(told.read_text())["settings"]
        if name not in self.chosen:
            started = time.monotonic()
            found: list[tuple[float, dict]] = []
            for settings in SEARCHED[name]:
                if not found or time.monotonic() - started < self.seconds / 2:
                    found.append((self.value(self.model(name, settings)), settings))
            self.chosen[name] = max(found, key=lambda one: one[0])[1]
        return self.chosen[name]

    def value(self, model: ModelBase) -> float:
        """NDCG@10 of a model on the inner label window."""
        train, test, _ = next(iter(self.splitter().split(self.pairs.interactions)))
        history, labels = (
            self.pairs.filter_interactions(train),
            self.pairs.get_raw_interactions().iloc[test],
        )
        lists = self.lists(model.fit(history), history, labels[Columns.User].unique())
        return NDCG(k=K, divide_by_achievable=True).calc(lists, labels)

    def lists(self, model: ModelBase, dataset: Dataset, users: object) -> pd.DataFrame:
        """Lists of users, without what they met."""
        return model.recommend(
            users, dataset, k=K, filter_viewed=True, on_unsupported_targets="warn"
        )

    def two_stage(self) -> CandidateRankingModel:
        """RecTools' fusion: four models propose 100 candidates each, LightGBM ranks.

        Missing scores stay missing.
        """
        first = [
            CandidateGenerator(
                self.model(name, self.search(name)), 100, keep_ranks=True, keep_scores=True
            )
            for name in ("popular", "als", "item_knn", "ease")
        ]
        ranker = LGBMRanker(n_estimators=200, random_state=self.seed, n_jobs=THREADS, verbose=-1)
        sampler = PerUserNegativeSampler(n_negatives=30, random_state=self.seed)
        return CandidateRankingModel(first, self.splitter(), GroupedReranker(ranker), sampler)

    def run(self, name: str) -> None:
        """Fit a model, write its lists and what they took."""
        started = time.monotonic()
        notes: dict = {}
        if name == "sasrec":
            model, notes = fit_sasrec(self.events, self.seconds, self.seed, self.folder)
            lists = self.lists(model, self.events, self.users)
        else:
            model = (
                self.two_stage()
                if name == "candidate_ranking"
                else self.model(name, self.search(name))
            )
            lists = self.lists(model.fit(self.pairs), self.pairs, self.users)
            notes = self.chosen.get(name, self.chosen)
        seconds = round(time.monotonic() - started, 1)
        lists = lists.rename(
            columns={Columns.User: "user", Columns.Item: "item", Columns.Rank: "rank"}
        )
        lists[["user", "rank", "item"]].to_parquet(self.folder / f"{name}.parquet", index=False)
        told = {"seconds": seconds, "allowed": self.seconds, "settings": notes}
        (self.folder / f"{name}.json").write_text(json.dumps(told))
        print(f"  {name}: {seconds:.0f} s, {notes}", flush=True)


def main() -> None:
    """Run the models one after another."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--seconds", type=float, default=600, help="wall clock of a model")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")  # old names that RecTools still uses
    task = Task(given.folder, given.seconds)
    for name in given.models:
        with threadpool_limits(
            1 if name == "als" else THREADS, "blas"
        ):  # implicit does its own threads
            try:
                task.run(name)
            except Exception as wrong:  # the others still have their turn
                print(f"  {name}: failed, {type(wrong).__name__}: {wrong}", flush=True)


if __name__ == "__main__":
    main()
