"""What the pages about users and items read: everything is filled here."""

from collections.abc import Callable
from typing import TypeVar

from dashboards.pages.people.reads import PeopleReads
from dashboards.pages.people.user_facts import UsersFacts
from flows.session import Session
from flows.steps.site.items.item import item_facts
from flows.steps.site.items.items import items_facts
from flows.steps.site.people_user import user_facts
from storage.database.errors import NoDatabase
from storage.reading.live_run import live
from storage.reading.people.one_user import example_users
from storage.reading.read import fallback_segments
from storage.schema.row_objects import RunRow

ROUTES = ("warm", "sparse", "cold")
EXAMPLES = 8
"""Users that are shown of each route."""
MOST_SEGMENTS = 200

Facts = TypeVar("Facts")


def people_reads(session: Session) -> PeopleReads:
    """Return the functions that read what is known of users and items.

    Args:
        session: whose database they read.
    """
    return PeopleReads(
        users=lambda placement: _of_live(session, placement, users_facts),
        user=lambda placement, user: _of_live(
            session, placement, lambda there, run: user_facts(there, run, user)
        ),
        items=lambda placement, asked: _of_live(
            session, placement, lambda there, run: items_facts(there, run, asked)
        ),
        item=lambda placement, item: _of_live(
            session, placement, lambda there, run: item_facts(there, run, item)
        ),
    )


def _of_live(
    session: Session, placement: str, read: Callable[[Session, RunRow], Facts]
) -> Facts | None:
    """Read of the live run of a placement; None where there is none, or no database yet."""
    try:
        there = session.at(placement)
    except NoDatabase:
        return None
    shown = live(there.engine, placement)
    return None if shown is None else read(there, shown.run)


def users_facts(session: Session, run: RunRow) -> UsersFacts:
    """Return examples of the users that a run serves.

    Args:
        session: the database.
        run: the live run.
    """
    engine = session.engine
    return UsersFacts(
        run.run_id,
        {route: example_users(engine, run.run_no, route, EXAMPLES) for route in ROUTES},
        fallback_segments(engine, run.run_no, MOST_SEGMENTS),
        session.config.data.pseudonyms,
    )
