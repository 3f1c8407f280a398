"""Checks of the gate at publishing name a cure that works: it is carried out, and the run is shown.

Nothing is live at first: then each run is judged for itself, and another can be published.
"""

import pytest

from flows.steps.publish import publish_checks  # noqa: F401  registers the checks
from fusion.evaluation import checks  # noqa: F401  likewise
from fusion.evaluation.check import _REGISTRY
from tests.flows.cures.shelf import Shelf, execute
from tests.flows.cures.sites import sites
from tests.flows.cures.unwalked import CHECKS_UNWALKED

OF_RUN = "where run_no = 2"
BROKEN = {
    "lists are whole": f"delete from recommendation {OF_RUN} and rank > 4",
    "ranks run from 1": f"delete from recommendation {OF_RUN} and rank = 3",
    "no item twice": "update recommendation set item_id = (select item_id from recommendation r"
    " where r.run_no = 2 and r.user_id = recommendation.user_id and r.rank = 1)"
    f" {OF_RUN} and rank = 8",
    "scores are finite": f"update recommendation set score = 9e999 {OF_RUN} and rank = 1",
    "scores do not rise with rank": f"update recommendation set score = 99 {OF_RUN} and rank = 2",
}
"""Checks of what was lost or changed since training, with a statement that breaks them."""
FEW_LISTS = (
    f"delete from recommendation {OF_RUN} and user_id <> 'u5'",
    f"delete from served_user {OF_RUN} and user_id <> 'u5'",
)
TWICE_THE_ROWS = (
    "insert into recommendation select 2, user_id || '~', rank, item_id, score, probability"
    f" from recommendation {OF_RUN}"
)
BLOCKS = (
    "insert into blocked_item (placement, item_id) select distinct 'default', item_id"
    f" from recommendation {OF_RUN} and user_id in ('u5', 'u6', 'u7', 'u8')"
)
NOTHING_LIVE = ("delete from slot", "delete from slot_move")
LIMITS = {
    "as many rows as live": ((TWICE_THE_ROWS,), "max_rows = 1", "max_rows = 3"),
    "not too much churn": ((), "max_churn = 0.001", "max_churn = 1"),
    "items are spread": ((*NOTHING_LIVE, *FEW_LISTS), "min_coverage = 0.9", "min_coverage = 0"),
    "the reserve covers what is blocked": ((BLOCKS,), "max_short = 0", "max_short = 1"),
}
"""Checks of a limit: what breaks it, a limit that refuses the run, and one that allows it."""
OLDER = "as new as live"
BLOCKED = "the reserve covers what is blocked"


@pytest.fixture
def runs(own_shop):
    """A copy of the shop whose first run is live again, and the ids of both."""
    shelf = Shelf(own_shop)
    assert shelf.call("rollback").code == 0
    return shelf, [run["run_id"] for run in shelf.call("runs", "--json").json][::-1]


def refused(shelf, name, run):
    called = shelf.call("publish", run)
    assert called.code == 1, called
    assert sites()["flows/steps/publish/publish.py:require_checks"].made(called.message)
    [reason] = [reason for reason in called.failure.reasons if reason.startswith(f"{name}: ")]
    return reason


def published(shelf, run):
    called = shelf.call("publish", run, "--json")
    assert called.code == 0, called.message
    assert called.json["move"]["made"]


@pytest.mark.parametrize("name", BROKEN)
def test_another_run_may_be_published_where_rows_were_lost(runs, name):
    shelf, (first, last) = runs
    execute(shelf, *NOTHING_LIVE, BROKEN[name])
    assert "train anew, or publish another run" in refused(shelf, name, last)
    published(shelf, first)


@pytest.mark.parametrize("name", LIMITS)
def test_another_limit_publishes_a_run_that_is_meant(runs, name):
    shelf, (_, last) = runs
    statements, narrow, wide = LIMITS[name]
    execute(shelf, *statements)
    shelf.configure("[gate]\n", f"[gate]\n{narrow}\n")
    reason = refused(shelf, name, last)
    assert "set another limit in [gate] and publish the run again" in reason
    assert f"gate.{narrow}" in reason
    shelf.configure(narrow, wide)
    published(shelf, last)


def test_blocks_that_end_let_the_run_be_published(runs):
    shelf, (_, last) = runs
    execute(shelf, BLOCKS)
    assert "end blocks" in refused(shelf, BLOCKED, last)
    execute(shelf, "delete from blocked_item")
    published(shelf, last)


def test_an_older_run_is_published_where_that_is_meant(runs):
    """Also by approval; and a rollback, which `runs` has made, asks for nothing."""
    shelf, (first, last) = runs
    published(shelf, last)
    reason = refused(shelf, OLDER, first)
    assert "it knows data up to 2020-12-25 00:00 UTC" in reason
    assert f"`fusion publish {first} --allow-older`" in reason
    called = shelf.call("publish", first, "--allow-older", "--json")
    assert called.code == 0, called.message
    published(shelf, last)
    shelf.configure("[gate]\n", "[gate]\napprove = true\n")
    assert shelf.call("publish", first).code == 0
    assert "`fusion approve --allow-older`" in shelf.call("approve", first).message
    assert shelf.call("approve", first, "--allow-older").code == 0


def test_every_check_of_the_gate_has_its_cure_walked_or_a_reason():
    walked = {*BROKEN, *LIMITS, OLDER}
    assert walked.isdisjoint(CHECKS_UNWALKED)
    registered = {name for checks_of in _REGISTRY.values() for name in checks_of}
    assert walked | set(CHECKS_UNWALKED) == registered
