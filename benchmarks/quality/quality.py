"""Quality: the published lists beside every source and RecTools, on held-out interactions.

    python -m benchmarks.quality.quality --interactions ratings.csv --hold last --folds 1,2,3
    python -m benchmarks.quality.quality --interactions plays.tsv --hold random --seeds 1,2,3
    python -m benchmarks.quality.quality --generate 8000x3000x500000 --hold time --seeds 1,2,3

`--hold last`: fold n holds out each user's n-th last interaction and hides everything after it.
`--hold time`: fold n hides everything from n windows of `--days` before the end, and judges on the
first of them. `--hold random`: fold n holds out the n-th share of each user's items, as the seed
shuffles them. Every row is judged the same way: full ranking, what the user met left out, NDCG@10
with binary gain, users with a label and a history. With last and random the product is told so by
`[split] kind`, unless `--config` names another.

Columns of any name are guessed as `fusion init` guesses them, and `--data` overrules the guess:
`--data '{"columns": {"user": "who", "item": "what", "weight": "plays"}}'`. `--peers` names the
environment that `benchmarks/quality/rectools/make_env.sh` made; without it the product stands
alone.
"""

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np
import polars as pl

from benchmarks.quality.generate import interactions
from benchmarks.quality.holds import Held, hold_last, hold_random, hold_time, judge
from benchmarks.quality.peers import peer_lists
from benchmarks.quality.pooling import FIRST, pooled, table
from fusion.api import fit_fusion, from_frames
from fusion.config import CoreConfig, SourceSettings
from fusion.core.torch_runtime import device_for
from fusion.data.dataset import Dataset
from fusion.ingest.guess.guess import guess
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import fit, fit_items
from fusion.models.base.registry import build
from fusion.training.sources import source_seed

PEER = "RecTools "
"""What the names of the peers' rows start with."""


def hold(data: Dataset, given: argparse.Namespace, n: int, seed: int) -> Held:
    """Fold n of the hold-out named on the command line."""
    if given.hold == "last":
        return hold_last(data, n)
    if given.hold == "time":
        return hold_time(data, n, given.days)
    return hold_random(data, n, given.share, seed)


def product(held: Held, config: CoreConfig) -> tuple[dict[str, np.ndarray], dict]:
    """Return lists (n, 10) as published and of each source alone, and what is to be noted.

    All are fitted on the same interactions.
    """
    started = time.monotonic()
    with TemporaryDirectory(prefix="quality-") as folder:
        fused = fit_fusion(held.known, config, Path(folder))
        seconds = time.monotonic() - started
        frame = pl.read_parquet(fused.trained.lists / "lists.parquet").filter(pl.col("rank") <= 10)
    lists = np.full((held.known.n_users, 10), -1, np.int32)
    lists[frame["user"].to_numpy(), frame["rank"].to_numpy() - 1] = frame["item"].to_numpy()
    rows = {FIRST: lists[held.users]}
    tuned = {one.name: one.settings for one in fused.trained.tuned}
    configured = {source.name: source for source in config.sources}
    for report in fused.trained.sources:
        if report.used:
            source = configured.get(report.name) or SourceSettings(name=report.name)
            settings = {**source.settings, **tuned.get(source.name, {})}
            rows[source.name] = source_lists(
                held, source, settings, report.notes.get("steps"), config
            )
    inside = fused.verdict["reported"]["value"]
    return rows, {"seconds": round(seconds, 1), "method": fused.trained.method, "inside": inside}


def source_lists(
    held: Held, source: SourceSettings, settings: dict, steps: int | None, config: CoreConfig
) -> np.ndarray:
    """A source's own lists (n, 10), fitted on all that is known."""
    model = build(source.use, settings)
    known = held.known.trim_users().trim_items(fit_items(model, held.known))
    rng = np.random.default_rng(source_seed(config.seed, source.name))
    context = FitContext(rng=rng, threads=2, max_steps=steps, device=device_for("auto"))
    fitted = fit(source.name, model, known, source.k, context)
    users = held.known.users_at(held.users, held.as_of[held.users])
    return fitted.top(users, 10, Allowed(np.ones(held.known.n_items, bool))).items


def read(given: argparse.Namespace, seed: int) -> Dataset:
    """The data set named on the command line, or made with the seed."""
    if given.generate:
        users, items, events = (int(number) for number in given.generate.split("x"))
        frame = interactions(users, items, events, seed)
        return from_frames(
            frame, settings={"columns": {"user": "user", "item": "item", "time": "time"}}
        )
    guessed = guess(given.interactions, Path(), given.items).settings
    settings = {**guessed, **json.loads(given.data)}
    print(f"[data] {json.dumps(settings)}", flush=True)
    return load(DataSettings(**settings), Path()).dataset


def run_fold(
    given: argparse.Namespace, data: Dataset, n: int, seed: int
) -> tuple[Held, dict, dict]:
    """Train and judge one fold; gives values (n,) by row, and notes by row."""
    held = hold(data, given, n, seed)
    lists, notes = {}, {}
    print(
        f"seed {seed} fold {n}: {len(held.known)} interactions known, "
        f"{len(held.users)} users judged",
        flush=True,
    )
    if not given.without_product:
        shaped = {} if given.hold == "time" else {"split": {"kind": given.hold}}
        config = CoreConfig(**{"seed": seed, **shaped, **json.loads(given.config)})
        lists, notes[FIRST] = product(held, config)
    if given.peers or given.peer_lists:
        task = {"hold": given.hold, "days": given.days, "share": given.share, "seed": seed}
        drawn = (
            given.hold == "random" or given.generate
        )  # else every seed has the same hold-out, and the same lists
        place = f"{given.hold}-seed{seed}-fold{n}" if drawn else f"{given.hold}-fold{n}"
        folder = (given.peer_lists or Path(mkdtemp(prefix="peers-"))) / place
        seconds = given.peer_seconds or notes.get(FIRST, {}).get("seconds", 600)
        for name, (theirs, noted) in peer_lists(held, task, folder, given.peers, seconds).items():
            lists[PEER + name], notes[PEER + name] = theirs, noted
    values = {name: judge(held, mine) for name, mine in lists.items()}
    for name, mine in sorted(values.items(), key=lambda row: -row[1].mean()):
        told = notes.get(name, {})
        print(
            f"  {name:28s} {mine.mean():.4f}  {json.dumps(told) if told else ''}".rstrip(),
            flush=True,
        )
    return held, values, notes


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--interactions", help="CSV or Parquet file")
    parser.add_argument("--items", help="file that describes the items")
    parser.add_argument(
        "--data", default="{}", help="[data] settings as JSON, over what is guessed"
    )
    parser.add_argument(
        "--generate", help="USERSxITEMSxEVENTS of generated data, another set for each seed"
    )
    parser.add_argument("--hold", choices=["last", "time", "random"], default="last")
    parser.add_argument("--days", type=int, default=28, help="length of a window with --hold time")
    parser.add_argument(
        "--share", type=float, default=0.1, help="share of each user's items with --hold random"
    )
    parser.add_argument("--folds", default="1", help="nested hold-outs, such as 1,2,3")
    parser.add_argument("--seeds", default="7")
    parser.add_argument("--config", default="{}", help="core configuration as JSON")
    parser.add_argument("--without-product", action="store_true", help="only the peers")
    parser.add_argument("--peers", type=Path, help="the peers' environment")
    parser.add_argument(
        "--peer-lists",
        type=Path,
        help="where the peers' lists are kept; those there are not made again",
    )
    parser.add_argument(
        "--peer-seconds", type=float, help="wall clock of a peer; default: what the product took"
    )
    parser.add_argument("--json", type=Path, help="write all figures there")
    return parser.parse_args()


def main() -> None:
    """Hold out, train, judge, pool, print."""
    given = options()
    folds, users, told = [], [], []
    seeds = [int(text) for text in given.seeds.split(",")]
    for place, seed in enumerate(seeds):
        data = read(given, seed)
        for n in (int(text) for text in given.folds.split(",")):
            held, values, notes = run_fold(given, data, n, seed)
            folds.append(values)
            users.append(held.users.astype(np.int64) + (place * 10**9 if given.generate else 0))
            told.append(
                {
                    "seed": seed,
                    "fold": n,
                    "users": len(held.users),
                    "known": len(held.known),
                    "notes": notes,
                }
            )
            told[-1]["means"] = {name: float(mine.mean()) for name, mine in values.items()}
            if FIRST in values:
                told[-1]["ids"] = users[-1].tolist()
                told[-1]["values"] = values[FIRST].tolist()
    found = pooled(folds, users, 7)
    names = [name for name in found["rows"] if name in told[0]["notes"]]
    seconds = {
        name: float(np.mean([fold["notes"][name]["seconds"] for fold in told])) for name in names
    }
    print(table(found, seconds))
    print(
        f"{found['values']} lists of {found['users']} users, {len(folds)} folds, pooled; "
        "seconds: mean of a fold"
    )
    if not given.without_product:
        own = [name for name in found["rows"] if name != FIRST and not name.startswith(PEER)]
        found["best_source"] = max(own, key=lambda name: found["rows"][name]["value"])
        print(f"best source of the product: {found['best_source']}")
    if given.json:
        asked = {key: str(value) for key, value in vars(given).items() if value is not None}
        given.json.write_text(
            json.dumps({"asked": asked, "folds": told, "pooled": found}, indent=1)
        )


if __name__ == "__main__":
    main()
