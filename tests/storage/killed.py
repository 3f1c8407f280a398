"""A training that stops in the middle to be killed.

Started by `python -m tests.storage.killed URL before|within [SECONDS OF THE LEASE]`.

`before`: its users are loaded, no transaction is open. `within`: half its lists are sent.
"""

import sys
import time
from collections.abc import Iterator

import polars as pl

from storage import StorageSettings, connect
from storage.loading.bulk import load_lists, load_served
from storage.runs import lease
from tests.storage.making import begin, lists


def wait() -> None:
    sys.stdout.write("half\n")
    sys.stdout.flush()
    time.sleep(60)


def endless() -> Iterator[pl.DataFrame]:
    yield lists("killed", [f"u{n}" for n in range(500)])
    wait()


if __name__ == "__main__":
    lease.SPARE_SECONDS = float(sys.argv[3]) if sys.argv[3:] else 1.0
    lease.BEAT_SECONDS = 0.1
    engine = connect(StorageSettings(url=sys.argv[1], patience=0), migrate=True)
    run_no = begin(engine, "killed")
    load_served(
        engine, run_no, pl.DataFrame({"user_id": ["u1"], "route": ["warm"], "segment": [None]})
    )
    if sys.argv[2] == "before":
        wait()
    load_lists(engine, run_no, endless())
