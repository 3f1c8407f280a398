"""What single pieces of a training take on a large world, where a whole run would take too long.

    python -m benchmarks.scale.growing.pieces FOLDER --events 1000000 [--pieces load als scores]

A piece runs in a process of its own: `load` reads the data and plans the folds, the name of a
source fits it on all that is known, and `scores` gathers candidates and features of some users with
the sources that were fitted here before. Prints seconds of CPU and memory of the piece alone, and
keeps them beside the world.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.scale.growing.watched_run import SOURCES, configure
from benchmarks.scale.growing.world import write_world
from flows.session import Session
from fusion.data.dataset import Dataset
from fusion.data.splitting.folds import plan_folds
from fusion.ingest.load import load
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import FittedSource
from fusion.models.base.registry import known
from fusion.models.foreign.resolve import source_model
from fusion.ranking.candidates import propose
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics

SEED, K = 7, 100
FIRST, USERS = 30, 300
"""Users of the piece that scores: those before, and those that are timed."""
FILE = "pieces.json"


def peak_mb() -> float:
    """Return the largest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def piece(folder: Path, name: str) -> dict[str, float]:
    """Do a piece in this process and return what it took.

    Args:
        folder: of the world.
        name: of the piece.
    """
    session = Session.open(folder / "fusion.toml")
    before, began = peak_mb(), time.process_time()
    data = load(session.config.data, session.base).dataset
    if name == "load":
        plan = plan_folds(data, session.config.core.split)
        took = {"cpu_seconds": time.process_time() - began, "mb": peak_mb() - before}
        folds = [*plan.labels, plan.verdict, plan.serving]
        sizes = {"events": len(data), "users": data.n_users, "items": data.n_items}
        labelled = [len(fold.label_rows) for fold in folds]
        shares = sum(len(fold.known) for fold in folds) / len(data)
        return {**took, **sizes, "folds": len(folds), "shares": shares, "labelled": sum(labelled)}
    before, began = peak_mb(), time.process_time()
    if name == "scores":
        began = score(folder, data)
    else:
        model = source_model(name, {}).fit(data, FitContext(threads=1, cache=folder / "vectors"))
        np.savez(folder / f"{name}.npz", allow_pickle=False, **model.state())
    return {"cpu_seconds": time.process_time() - began, "mb": peak_mb() - before}


def score(folder: Path, data: Dataset) -> float:
    """Gather candidates and features of some users, by the sources that were fitted before.

    Args:
        folder: of the world.
        data: all of it.

    Returns:
        CPU seconds of this process after the first users, for whom much is made that serves all.
    """
    sources = []
    for name in SOURCES:
        file = folder / f"{name}.npz"
        if file.exists():
            with np.load(file, allow_pickle=False) as state:
                arrays = {key: state[key] for key in state.files}
            cls = known()[name]
            sources.append(FittedSource(name, cls.restore(cls.Config(), arrays), data.n_items, K))
    drawn = np.random.default_rng(SEED).choice(data.n_users, FIRST + USERS, replace=False)
    statistics, allowed = ItemStatistics(data), Allowed(np.ones(data.n_items, bool))
    began = 0.0
    for part in (drawn[:FIRST], drawn[FIRST:]):
        began = time.process_time()
        rows = np.sort(part).astype(np.int32)
        users = data.users_at(rows, np.full(len(rows), data.as_of))
        feature_columns(propose(sources, users, allowed), statistics)
    return began


def main() -> None:
    """Do pieces, each in a process of its own, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--pieces", nargs="+", default=["load", *SOURCES, "scores"])
    parser.add_argument("--here", help="do this piece in this process")
    given = parser.parse_args()
    own = given.folder / str(given.events)
    if given.here:
        print(json.dumps(piece(own, given.here)))
        return
    if not own.exists():
        print(write_world(own, given.events, SEED), flush=True)
        configure(own, SOURCES, trials=0)
    kept = json.loads((own / FILE).read_text()) if (own / FILE).exists() else {}
    command = [sys.executable, "-m", "benchmarks.scale.growing.pieces", str(given.folder)]
    command += ["--events", str(given.events), "--here"]
    for name in given.pieces:
        done = subprocess.run([*command, name], check=True, capture_output=True, text=True)
        kept[name] = json.loads(done.stdout)
        (own / FILE).write_text(json.dumps(kept, indent=1))
        print(name, kept[name], flush=True)


if __name__ == "__main__":
    main()
