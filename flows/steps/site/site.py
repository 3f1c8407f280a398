"""Put the dashboards together: pages of ours over SQL, and Evidently's over the workspace."""

from collections.abc import Callable

from dashboards.evidently.workspace import SERIES_QUERY, application
from dashboards.pages.actions import ACTIONS
from dashboards.pages.frame import Site
from dashboards.pages.reads import Reads
from dashboards.pages.writes import Writes
from dashboards.ui_settings import UiSettings, is_loopback
from dashboards.web.application import EVIDENTLY_PATHS, Dashboards
from dashboards.web.door import Asks, Door
from dashboards.web.guard import Guard
from dashboards.web.login import LOGIN
from dashboards.web.messages import Application
from flows.session import Session
from flows.steps.site.about import reference_reads
from flows.steps.site.overview import overview_reads
from flows.steps.site.people import people_reads
from flows.steps.site.placements import data_as_of, known_placements
from flows.steps.site.runs.reads import runs_reads
from flows.steps.watch.pages import draw_newest
from fusion.errors import ConfigError


def guarded_dashboards(
    session: Session,
    host: str,
    as_typed: Callable[[str], str],
    writes: Writes | None = None,
) -> Guard:
    """Put the application together that `fusion ui` serves.

    Args:
        session: read-only; nothing is read before somebody asks.
        host: the address that is listened on.
        as_typed: completes a command that a page shows, so that it can be typed as it stands.
        writes: functions that pages write with; None where they only read.
    """

    def _evidently() -> Application:
        draw_newest(session)
        return application(session.workspace)

    ui = session.config.ui
    token = ui.token.get_secret_value() if ui.token else ""
    timezone = session.config.data.timezone
    site = Site(session.placement, reads_of(session), as_typed, timezone, writes)
    asks = Asks(token, ui.trusted_header.lower(), session.by, writes is not None)
    door = Door(Dashboards(site, _evidently), asks, ACTIONS)
    return Guard(
        door,
        host,
        [SERIES_QUERY],
        scripted=EVIDENTLY_PATHS,
        names=ui.names,
        writes=[*([ACTIONS] if writes else []), *([LOGIN] if door.has_login else [])],
    )


def require_answerable(ui: UiSettings, host: str) -> None:
    """See that nobody on other machines reads the dashboards unasked.

    Args:
        ui: what is asked of whoever comes.
        host: the address that is listened on.

    Raises:
        ConfigError: other machines reach it, and nothing is asked.
    """
    if not is_loopback(host) and ui.token is None and not ui.trusted_header:
        raise ConfigError(
            f"{host} is reached from other machines, and nobody there would be asked who they are; "
            "set FUSION_UI__TOKEN to a secret of 16 characters or more, name trusted_header in "
            "[ui] where a proxy in front says who somebody is, or listen on 127.0.0.1"
        )


def reads_of(session: Session) -> Reads:
    """Return the functions that pages read with.

    Args:
        session: whose database they read.
    """
    return Reads(
        placements=lambda: known_placements(session),
        data_as_of=lambda placement: data_as_of(session, placement),
        people=people_reads(session),
        runs=runs_reads(session),
        overview=overview_reads(session),
        reference=reference_reads(session),
    )
