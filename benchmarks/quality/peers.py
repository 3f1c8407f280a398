"""RecTools beside the product: a hold-out goes to its environment, lists come back.

Known interactions go out as Parquet with outside ids, ten items a user come back, one file a model.
They stay in the folder: a later call on the same known interactions reads them instead of training
again.
"""

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.quality.holds import Held

SCRIPT = Path(__file__).parent / "rectools" / "run.py"
MODELS = ("popular", "als", "ease", "item_knn", "sasrec", "candidate_ranking")
DAY_MS = 86_400_000
PATIENCE = 2
"""Times its clock after which a peer that has no lists is stopped."""


def peer_lists(
    held: Held, task: dict, folder: Path, environment: Path | None, seconds: float
) -> dict[str, tuple[np.ndarray, dict]]:
    """Return each model's lists (n, 10) of `held.users`, -1 where there is none, and its notes.

    Notes are seconds and settings.

    `task`: hold, days, share, seed. Models whose lists are not in `folder` are run by the Python of
    `environment`, with `seconds` each; without an environment they are left out, and so are those
    that are stopped.
    """
    known = _known(held, task)
    key = sha256(known.write_csv().encode()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    noted, asked = folder / "task.json", folder / "users.parquet"
    users = pl.DataFrame({"user": held.known.user_ids.texts(held.users)})
    if noted.exists() and (
        json.loads(noted.read_text())["known"] != key or not pl.read_parquet(asked).equals(users)
    ):
        raise SystemExit(
            f"{folder} holds lists of other interactions or users; "
            "remove it, or name another folder"
        )
    known.write_parquet(folder / "known.parquet")
    users.write_parquet(asked)
    noted.write_text(json.dumps({**task, "known": key}))
    for name in MODELS if environment else ():
        if not (folder / f"{name}.json").exists():
            _run([environment / "bin" / "python", "-E", SCRIPT, folder], name, seconds)
    done = [name for name in MODELS if (folder / f"{name}.json").exists()]
    return {name: (_lists(held, folder / f"{name}.parquet"), _notes(folder, name)) for name in done}


def _run(command: list, name: str, seconds: float) -> None:
    """Run a model, and stop it when its clock has long run out.

    RecTools does not interrupt a fit.
    """
    words = [*map(str, command), "--seconds", str(seconds), name]
    try:
        subprocess.run(words, check=True, timeout=PATIENCE * seconds)
    except subprocess.TimeoutExpired:
        print(f"  {name}: no lists after {PATIENCE * seconds:.0f} s, stopped", flush=True)


def _known(held: Held, task: dict) -> pl.DataFrame:
    """Return outside ids and times in ms.

    By time, the cut is moved to midnight, where RecTools puts the ends of its windows.
    """
    data = held.known
    times = data.times
    if task["hold"] == "time":
        times = times - int(held.as_of[0]) % DAY_MS + DAY_MS
    user, item = data.user_ids.texts(data.users), data.item_ids.texts(data.items)
    return pl.DataFrame({"user": user, "item": item, "time": times})


def _notes(folder: Path, name: str) -> dict:
    return json.loads((folder / f"{name}.json").read_text())


def _lists(held: Held, file: Path) -> np.ndarray:
    frame = (
        pl.read_parquet(file)
        .sort("user", "rank")
        .unique(["user", "item"], keep="first", maintain_order=True)
    )
    users, items = held.known.user_ids.rows(frame["user"]), held.known.item_ids.rows(frame["item"])
    lists = np.full((held.known.n_users, 10), -1, np.int32)
    lists[users, frame["rank"].to_numpy() - 1] = items
    return lists[held.users]
