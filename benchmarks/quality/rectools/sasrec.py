"""RecTools' SASRec within a wall clock.

It trains as many epochs as help, stopped early on held-out last items.
"""

import logging
from datetime import timedelta
from pathlib import Path
from shutil import rmtree

import numpy as np
import pandas as pd
from pytorch_lightning import Trainer, seed_everything
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

PATIENCE = 10
VALIDATED = 0.1
"""Share of users whose last item is held out to say when to stop."""


def fit_sasrec(
    dataset: Dataset, seconds: float, seed: int, folder: Path
) -> tuple[SASRecModel, dict]:
    """Train until nothing is gained for PATIENCE epochs or the seconds are over.

    Take the best epoch's weights.
    """
    for name in ("pytorch_lightning", "lightning_fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    seed_everything(seed)
    model = SASRecModel(
        n_factors=64,
        session_max_len=50,
        batch_size=64,
        get_trainer_func=lambda: trainer(seconds, folder),
        get_val_mask_func=lambda events: last_items(events, seed),
    )
    model.fit(dataset)
    fitted = model.fit_trainer  # a copy of the trainer, and so are its callbacks
    best, stop = fitted.checkpoint_callback, fitted.early_stopping_callback
    notes = {"epochs": fitted.current_epoch, "in_time": stop.stopped_epoch > 0}
    if best.best_model_path:
        model.load_weights_from_checkpoint(best.best_model_path)
        notes["val_loss"] = round(float(best.best_model_score), 4)
    rmtree(folder / "sasrec", ignore_errors=True)
    return model, notes


def trainer(seconds: float, folder: Path) -> Trainer:
    """Make a trainer that keeps the best epoch's weights, and stops in time."""
    best = ModelCheckpoint(
        folder / "sasrec", monitor=SASRecModel.val_loss_name, save_weights_only=True
    )
    stop = EarlyStopping(SASRecModel.val_loss_name, patience=PATIENCE)
    return Trainer(
        max_epochs=1000,
        max_time=timedelta(seconds=0.9 * seconds),
        callbacks=[best, stop],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        devices=1,
    )


def last_items(events: pd.DataFrame, seed: int) -> np.ndarray:
    """Mark the last event of each of some users, by which training is stopped."""
    users = events[Columns.User].unique()
    n_validated = max(1, int(VALIDATED * len(users)))
    some = np.random.default_rng(seed).choice(users, n_validated, replace=False)
    by_time = events.sort_values(Columns.Datetime, kind="stable")
    later = by_time.groupby(Columns.User).cumcount(ascending=False).reindex(events.index)
    return (events[Columns.User].isin(some) & (later == 0)).to_numpy()
