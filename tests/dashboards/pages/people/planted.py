"""Planted users and items, hostile ones among them."""

from dataclasses import replace
from datetime import date

from dashboards.pages.people.item_facts import (
    Bringer,
    Holder,
    ItemFacts,
    ItemsFacts,
    Neighbour,
    Reach,
)
from dashboards.pages.people.reads import PeopleReads
from dashboards.pages.people.user_facts import (
    Block,
    ComparedItem,
    ComparedRun,
    History,
    Listed,
    NamedItem,
    PastEvent,
    Reason,
    UserFacts,
    UsersFacts,
)
from tests.dashboards.pages.planted import ANSI, AS_OF, HOSTILE, site

EVIL = NamedItem(HOSTILE, f"{HOSTILE}{ANSI}=1+1")
PLAIN = NamedItem("i1", "Film one")
USER = UserFacts(
    user=HOSTILE,
    stored="0f0f",
    run_id="20260301-000000-abcdef",
    method="ranker",
    as_of=AS_OF,
    route="warm",
    segment="club=blue",
    served_by="list",
    listed=[
        Listed(
            1,
            EVIL,
            [Reason(HOSTILE, "ease", 3, 1.5), Reason("it is old", None, None, -0.75)],
            [Reason("similar people took it", "user_knn", 7, None)],
        ),
        Listed(2, PLAIN),
    ],
    missing=HOSTILE,
    fallback=[PLAIN, EVIL],
    fallback_segment="club=blue",
    runs=[
        ComparedRun("20260302-000000-abcdef", AS_OF, "rejected", False),
        ComparedRun("20260301-000000-abcdef", AS_OF, "ready", True),
        ComparedRun("20260201-000000-abcdef", None, "ready", False),
    ],
    compared=[
        ComparedItem(EVIL, [2, 1, 3]),
        ComparedItem(PLAIN, [1, 2, None]),
        ComparedItem(NamedItem("i9", None), [None, None, 1]),
    ],
    blocks=[Block(EVIL, True, True, None, HOSTILE, HOSTILE, HOSTILE)],
    stores_history=True,
    history=History(
        "20260301-000000-abcdef",
        AS_OF,
        [PastEvent(EVIL, AS_OF, 4.5), PastEvent(PLAIN, None, None)],
    ),
)
STRANGER = replace(
    USER,
    user="nobody",
    stored="nobody",
    route=None,
    segment=None,
    served_by="all",
    listed=[],
    fallback_segment="all",
    compared=[],
    blocks=[],
    history=None,
)
ITEM = ItemFacts(
    item=EVIL,
    run_id=USER.run_id,
    is_known=True,
    reach=[
        Reach("20260301-000000-abcdef", AS_OF, "ready", True, 3, 40, 2, 1.5, False),
        Reach("20260201-000000-abcdef", None, "rejected", False, 0, 20, 0, None, True),
    ],
    ranks=[2, 0, 1],
    bringers=[Bringer(HOSTILE, "ease", 3, 2.5, 0.5), Bringer("it is old", None, 1, None, None)],
    n_explained=4,
    holders=[Holder(HOSTILE, 1), Holder("u1", 3)],
    neighbours=[Neighbour(PLAIN, 0.5), Neighbour(EVIL, 0.25)],
    n_lists=3,
    days=[(date(2026, 1, 1), 2), (date(2026, 2, 20), 5)],
    blocks=[Block(EVIL, False, False, HOSTILE, None, None, None)],
)
ITEMS = ItemsFacts(USER.run_id, [EVIL, PLAIN], True, [(EVIL, 3), (PLAIN, 1)], 40, True, False)
USERS = UsersFacts(
    USER.run_id, {"warm": [HOSTILE, "u1"], "sparse": [], "cold": ["u9"]}, ["all", HOSTILE], True
)


def people_site(user=USER, users=USERS, item=ITEM, items=ITEMS):
    """A site that knows one user and one item, and gives these facts whoever is asked for."""
    reads = PeopleReads(
        users=lambda placement: users,
        user=lambda placement, id: user,
        items=lambda placement, asked: items,
        item=lambda placement, id: item,
    )
    return site(people=reads)
