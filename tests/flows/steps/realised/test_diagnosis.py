"""Lists below their promise are diagnosed by the watch that finds it, with what happened since."""

from sqlalchemy import insert

from storage.runs.runs import find_run
from storage.schema.tables import blocked_item
from storage.watches.diagnosis import diagnosis_of
from tests.flows.steps.realised.planted import ITEMS
from tests.flows.steps.realised.test_quality import honest_promise, watch


def causes_of(shop):
    run = find_run(shop.session.engine, "default", "live")
    return diagnosis_of(shop.session.engine, run.run_no)


def test_a_flip_that_no_figure_explains_is_unknown_and_a_healthy_window_is_not_diagnosed(any_shop):
    shop = any_shop
    shop.live_on(21, 28, taste=0.6)
    shop.publish(28, honest_promise(shop, 21, 28))
    shop.live_on(28, 37, taste=0.0)
    watch(shop, 28.5)
    assert causes_of(shop) == []
    watch(shop, 36)
    [only] = causes_of(shop)
    assert (only.kind, only.code, only.severity) == ("unknown", "unexplained", "look")
    assert only.parameters == {"what": "realised quality"}
    [realised] = [row for row in only.evidence if row["name"].startswith("realised")]
    assert realised["value"] < realised["low"]


def test_blocks_that_hide_what_people_want_are_the_cause(planted_shop):
    shop = planted_shop
    shop.live_on(21, 28, taste=0.6)
    shop.publish(28, honest_promise(shop, 21, 28))
    with shop.session.engine.begin() as connection:
        for item in ITEMS[:20]:
            row = {"placement": "default", "item_id": item}
            connection.execute(insert(blocked_item).values(row))
    shop.live_on(28, 37, taste=0.0)
    watch(shop, 36)
    first = causes_of(shop)[0]
    assert (first.kind, first.subject, first.code) == ("rules", "blocks", "blocks_hide")
    assert first.parameters["share"] > 0.5
