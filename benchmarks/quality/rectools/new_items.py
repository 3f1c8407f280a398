"""RecTools' models that score items without interactions.

The Python of an environment of their own runs them (see requirements.txt).

    PEERS/bin/python new_items.py FOLDER MODEL

FOLDER holds what `benchmarks/quality/cold/peers.py` hands over. MODEL is lightfm or dssm; it leaves
`scores.npy` (users, items).
"""

import argparse
import logging
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from lightfm import LightFM
from pytorch_lightning import seed_everything
from rectools import Columns
from rectools.dataset import Dataset, DenseFeatures, SparseFeatures
from rectools.models import DSSMModel, LightFMWrapperModel
from rectools.models.base import ModelBase

SETTINGS: dict[str, dict] = {
    "lightfm": {"no_components": 64, "epochs": 100},
    "dssm": {"max_epochs": 60},
}
"""LightFM's were best among a fifth of the known items of one fold, hidden for that, beside 15 and
40 epochs. DSSM's epochs take too long to try several."""


class Task:
    """What is known, of whom and of what scores are asked for."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.known = pd.read_parquet(folder / "known.parquet").rename(
            columns={"user": Columns.User, "item": Columns.Item}
        )
        self.known = self.known.assign(**{Columns.Weight: 1.0, Columns.Datetime: "2020-01-01"})
        self.marks = pd.read_parquet(folder / "marks.parquet").rename(columns={"item": "id"})
        self.features = np.load(folder / "features.npy")
        self.users, self.items = np.load(folder / "users.npy"), np.load(folder / "items.npy")

    def dataset(self, known: pd.DataFrame, new: np.ndarray) -> Dataset:
        """Known interactions, and features of their items and of the new ones."""
        bare = Dataset.construct(known)
        items = bare.item_id_map.add_ids(new)
        if self.name == "lightfm":
            marks = self.marks[self.marks["id"].isin(items.external_ids)]
            cat_features = list(marks["feature"].unique())
            of_items = SparseFeatures.from_flatten(marks, items, cat_features)
            return Dataset(bare.user_id_map, items, bare.interactions, None, of_items)
        rows = self.features[items.external_ids.astype(int)]
        names = [str(column) for column in range(rows.shape[1])]
        # DSSM asks for features of users: a constant, since nothing is known of them.
        of_users = DenseFeatures.from_iterables(np.ones((bare.user_id_map.size, 1)), ["one"])
        of_items = DenseFeatures.from_iterables(rows, names)
        return Dataset(bare.user_id_map, items, bare.interactions, of_users, of_items)

    def model(self) -> ModelBase:
        """A model, not fitted."""
        seed_everything(0)
        settings = SETTINGS[self.name]
        if self.name == "lightfm":
            size, epochs = settings["no_components"], settings["epochs"]
            warp = LightFM(no_components=size, loss="warp", random_state=0)
            return LightFMWrapperModel(warp, epochs=epochs)
        return DSSMModel(**settings, trainer_accelerator="cpu", loggers=False, deterministic=True)

    def scores(self) -> np.ndarray:
        """Fit, and score the new items for users (users, items)."""
        dataset = self.dataset(self.known, self.items)
        with redirect_stdout(StringIO()):  # Lightning draws its progress there
            model = self.model().fit(dataset)
        lists = model.recommend(
            self.users,
            dataset,
            len(self.items),
            filter_viewed=False,
            items_to_recommend=self.items,
        )
        table = lists.pivot(index=Columns.User, columns=Columns.Item, values=Columns.Score)
        return table.loc[self.users, self.items].to_numpy(np.float32)


def main() -> None:
    """Score what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("model", choices=SETTINGS)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")  # old names that RecTools still uses
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    np.save(given.folder / "scores.npy", Task(given.folder, given.model).scores())


if __name__ == "__main__":
    main()
