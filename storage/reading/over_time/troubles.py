"""Why a run was refused or failed."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Engine, select

from storage.reading.over_time.documents import list_text, read_list
from storage.schema.tables import run


def why_not_shown(engine: Engine, run_no: int) -> str:
    """Return why a run failed, or was refused last.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        Sentences as they were stored; "" where nothing was, as of a run whose process was killed.
    """
    error = run.c.manifest["error"].as_string().label("error")
    lists = (list_text(run.c.manifest, "refusals"), list_text(run.c.manifest, "checks"))
    wanted = select(error, *lists).where(run.c.run_no == run_no)
    with engine.connect() as connection:
        row = connection.execute(wanted).one_or_none()
    if row is None:
        return ""
    if row.error:
        return str(row.error)
    refusals = read_list(row.refusals)
    return broken_checks(refusals[-1]["checks"] if refusals else read_list(row.checks))


def broken_checks(checks: Iterable[dict[str, Any]]) -> str:
    """Return the checks that did not hold in words.

    Args:
        checks: as a manifest holds them.
    """
    return "; ".join(one["message"] or one["name"] for one in checks if not one["holds"])
