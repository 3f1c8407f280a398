"""The flow run as Prefect's pages show it: its name, its tags, and an artifact with the result."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from prefect import get_client
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.runtime import deployment, flow_run

from flows.prefect_flows.results.tables import Rows
from flows.session import Session
from flows.steps.time_limits import exit_soon
from fusion.errors import FusionError, Temporary, TookTooLong

T = TypeVar("T")
log = logging.getLogger(__name__)
NO_TABLES: Mapping[str, Rows] = MappingProxyType({})
PAUSES = (60.0, 300.0)
"""Seconds before each further try of a scheduled turn: what is busy or away for longer is left to
the next night."""


def name_of(verb: str) -> Callable[[], str]:
    """Return the function by which Prefect names the runs of a flow: `retrain home`.

    Args:
        verb: what the flow does.
    """

    def name() -> str:
        try:
            placement = Session.open(Path(flow_run.parameters["config"])).placement
        except (FusionError, OSError):
            # The flow itself says what is wrong with its configuration.
            return verb
        return f"{verb} {placement}"

    return name


def try_again(work: Callable[[], T]) -> T:
    """Run a turn; one that nobody waits for is tried again when something outside is away.

    A person at a terminal is answered at once.

    Args:
        work: the turn; stages on disk keep what an earlier try has done.

    Returns:
        What the turn returns.

    Raises:
        Temporary: it is still away after the last pause.
    """
    pauses = PAUSES if deployment.id else ()
    for pause in pauses:
        try:
            return work()
        except TookTooLong as hung:
            # It would hang for as long once more. Prefect has a moment to hear of it.
            exit_soon(hung)
            raise
        except Temporary as away:
            log.warning("tried again in %.0f s: %s", pause, away)
            time.sleep(pause)
    return work()


def show_result(
    verb: str, placement: str, run_id: str | None, text: str, tables: Mapping[str, Rows] = NO_TABLES
) -> None:
    """Show a result on Prefect's pages: tags of the flow run, and artifacts.

    What is published is published: a server that is away now changes nothing of it.

    Args:
        verb: what the flow does.
        placement: where lists are shown.
        run_id: of the run that was trained or published; None where there was none.
        text: of the artifact, Markdown.
        tables: rows of further artifacts by what they hold.
    """
    try:
        _add_tags([placement, *([run_id] if run_id else [])])
        key = _key(verb, placement)
        create_markdown_artifact(text, key=key, description=f"What `{verb}` came to")
        for name, rows in tables.items():
            described = f"The {name} of `{verb}`"
            create_table_artifact(rows, key=_key(name, placement), description=described)
    except Exception as failure:  # of HTTP, of the server, of Prefect's own checks
        kind = type(failure).__name__
        log.warning("result not shown in Prefect: %s: %s", kind, failure)


def _add_tags(tags: list[str]) -> None:
    """Tag the flow run that is under way, beside the tags that it has."""
    both = list(dict.fromkeys([*flow_run.tags, *tags]))
    with get_client(sync_client=True) as client:
        client.update_flow_run(flow_run.id, tags=both)


def _key(name: str, placement: str) -> str:
    """Return the key of an artifact; those of one key are its history."""
    # Keys are lower-case letters, digits and dashes.
    return re.sub("[^a-z0-9]+", "-", f"fusion-{name}-{placement}".lower()).strip("-")
