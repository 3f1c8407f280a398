"""Verbs that are typed while customers see wrong lists answer at once: they import little."""

import subprocess
import sys

from flows.session import Session
from flows.steps.publish.publish import publish_run
from storage.runs.runs import runs
from tests.flows.world import environment

HEAVY = ("alembic", "evidently", "lightgbm", "pandas", "prefect", "pyarrow", "scipy", "torch")
FRAMES = ("numpy", "polars")
DRIVER = "psycopg"
"""What a verb on SQLite has no use for."""

LOADED = """\
import sys
from flows.cli.main import main
try:
    main()
except SystemExit as ended:
    print(ended.code, *sys.modules, file=sys.stderr)
"""


def loaded(folder, *words: str) -> tuple[str, set[str]]:
    """Exit code of a verb, and the modules that its process had imported when it ended."""
    line = [sys.executable, "-c", LOADED, *words]
    done = subprocess.run(
        line, cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    return code, set(modules)


def hold_newest(folder) -> None:
    """Let the run that is not live wait for approval."""
    session = Session.open(folder / "fusion.toml", by="bea")
    publish_run(session, runs(session.engine, "default", 1)[0].run_id, hold=True)
    session.engine.dispose()


def test_verbs_of_slots_and_of_probes_import_nothing_heavy(own_shop):
    def imported(*words: str) -> set[str]:
        code, modules = loaded(own_shop, *words)
        assert (words, code) == (words, "0")
        return modules

    looks = (("status",), ("runs",), ("health", "--max-age", "36h"))
    for words in (*looks, ("rollback", "--freeze", "1h"), ("unfreeze",)):
        assert imported(*words).isdisjoint({*HEAVY, *FRAMES, DRIVER}), words
    hold_newest(own_shop)
    assert imported("reject", "--why", "odd").isdisjoint({*HEAVY, *FRAMES, DRIVER})
    hold_newest(own_shop)
    # Their contract is judged with frames; what trains loads a run only where SQL lost its rows.
    assert imported("approve").isdisjoint({*HEAVY, DRIVER})
    assert imported("rollback").isdisjoint({*HEAVY, *FRAMES, DRIVER})
    newest = max(folder.name for folder in own_shop.glob("runs/2*"))
    assert imported("publish", newest).isdisjoint({*HEAVY, DRIVER})
