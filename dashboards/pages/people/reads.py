"""What the pages about users and items read; `flows` fills it."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.pages.people.item_facts import ItemFacts, ItemsFacts
from dashboards.pages.people.user_facts import UserFacts, UsersFacts


@dataclass(frozen=True)
class PeopleReads:
    """Functions that read what is known of users and items; None where nothing is live.

    Attributes:
        users: placement -> examples of users by route.
        user: placement, plain id -> all that is known of them.
        items: placement, an id or a part of a title or "" -> what is found, and listed most.
        item: placement, id -> all that is known of it.
    """

    users: Callable[[str], UsersFacts | None]
    user: Callable[[str, str], UserFacts | None]
    items: Callable[[str, str], ItemsFacts | None]
    item: Callable[[str, str], ItemFacts | None]
