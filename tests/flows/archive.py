"""The shop of most tests is an archive: its data ends in January 2021, and nothing arrives."""

from pathlib import Path

from flows.session import Session
from flows.steps.arrivals.watch import watch_placement
from storage.watches.alerts import acknowledge


def know_of_its_end(session: Session) -> None:
    """Watch, and acknowledge that no interactions have arrived, which would hold retraining."""
    for alert in watch_placement(session).alerts:
        acknowledge(session.engine, session.placement, alert.id, by="ann", why="an archive")


def train_without_new_events(config: Path) -> None:
    """Let age alone make a training due."""
    config.write_text(config.read_text() + "\n[retrain]\nmin_new_events = 0\n")
