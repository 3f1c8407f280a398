"""Ids under which runs know a user: the plain one, or a pseudonym."""

import os
from collections.abc import Collection

from flows.session import Session
from fusion.ingest.people.pseudonyms import KEY, Pseudonyms


def stored_id(session: Session, user: str) -> str:
    """Return the id under which the runs of the configuration know a user.

    Args:
        session: whose `[data] pseudonyms` counts.
        user: the plain id.

    Raises:
        ConfigError: pseudonyms are on, and FUSION_PSEUDONYM_KEY is missing or short.
    """
    if not session.config.data.pseudonyms:
        return user
    return Pseudonyms.from_environment().of(user)


def every_id(session: Session, people: Collection[str]) -> dict[str, str]:
    """Return all ids under which anything may know people.

    Runs from before pseudonyms were on have plain ids; runs of another configuration in the same
    database may have pseudonyms, which are looked for too where the key is set.

    Args:
        session: whose `[data] pseudonyms` counts.
        people: plain ids.

    Returns:
        Plain id or pseudonym -> plain id.

    Raises:
        ConfigError: pseudonyms are on, and FUSION_PSEUDONYM_KEY is missing or short.
    """
    known_as = {person: person for person in people}
    if session.config.data.pseudonyms or os.environ.get(KEY):
        pseudonyms = Pseudonyms.from_environment()
        known_as |= {pseudonyms.of(person): person for person in people}
    return known_as
