"""A process that trains, publishes, rolls back and prunes without end: `python -m tests.storage.working URL NAME SEED`.

It says `begun` when the first run is begun. What waiting can cure it waits for, as cron does.
"""

import random
import sys
import time
from contextlib import suppress
from itertools import count

import polars as pl
from sqlalchemy import Engine, select, update

from fusion.errors import Refused, Temporary
from storage import StorageSettings, connect
from storage.bulk import load_fallback, load_lists, load_served
from storage.engine import writing
from storage.lists import remove_lists
from storage.publish import publish, rollback
from storage.sweep import sweep
from storage.tables import run, served_user, slot
from tests.storage.making import begin, end, lists

USERS = [f"u{n}" for n in range(20)]
KEPT = 3


def cycle(engine: Engine, run_id: str, chance: random.Random) -> None:
    """One run from its beginning to its publishing, then now and then a step back, then a pruning."""
    sweep(engine, "default")
    run_no = begin(engine, run_id)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    load_served(engine, run_no, pl.DataFrame({"user_id": USERS, "route": "warm", "segment": "old"}))
    load_fallback(engine, run_no, lists(run_id, ["all"]).rename({"user_id": "segment"}))
    load_lists(engine, run_no, [lists(run_id, USERS[:10]), lists(run_id, USERS[10:])])
    end(engine, run_no)
    publish(engine, "default", run_no, by="test", reason="again")
    if chance.random() < 0.4:
        with suppress(Refused):  # the run before may be pruned
            rollback(engine, "default", by="test", reason="back")
    prune(engine)


def prune(engine: Engine) -> None:
    """Delete the lists of all runs but the newest and the one that is shown; again where an earlier try was cut off."""
    with writing(engine) as connection:
        newest = select(run.c.run_no).where(run.c.status == "ready").order_by(run.c.run_no.desc()).limit(KEPT)
        kept = connection.execute(newest).scalars().all()
        shown = select(slot.c.run_no).where(slot.c.run_no.is_not(None))
        old = (run.c.status == "ready") & run.c.run_no.not_in(kept) & run.c.run_no.not_in(shown)
        connection.execute(update(run).where(old).values(status="deleted"))
        left = select(served_user.c.run_no).distinct().join(run, run.c.run_no == served_user.c.run_no)
        gone = connection.execute(left.where(run.c.status == "deleted")).scalars().all()
    for run_no in gone:
        remove_lists(engine, run_no)


def main(url: str, name: str, seed: str) -> None:
    """Work until killed."""
    engine, chance = connect(StorageSettings(url=url)), random.Random(seed)
    for number in count():
        try:
            cycle(engine, f"{name}-{number}", chance)
        except Temporary:
            time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
