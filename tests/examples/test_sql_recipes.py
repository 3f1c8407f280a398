"""Every SQL recipe answers its question on both databases."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine, insert, text

from storage.loading.bulk import (
    load_explanations,
    load_lists,
    load_metrics,
    load_served,
)
from storage.runs.records import add_decision
from storage.schema.tables import blocked_item
from storage.slots.publish import publish
from storage.watches.realised import RealisedRow, add_realised
from storage.watches.watches import add_watch
from tests.storage.making import AS_OF, begin, end, lists, note_alert

FOLDER = Path(__file__).parents[2] / "examples" / "sql"
RECIPES = sorted(FOLDER.glob("*.sql"))
USER, ITEM = "u1", "b-1"


def make_whole_run(engine: Engine, run_id: str) -> int:
    """A run with one row of everything that recipes ask for."""
    users = [USER, "u2", "u3"]
    run_no = begin(engine, run_id)
    load_lists(engine, run_no, [lists(run_id, users)])
    load_served(engine, run_no, pl.DataFrame({"user_id": users, "route": "warm", "segment": "all"}))
    figure = {"subject": "ranker", "segment": "all", "name": "ndcg", "k": 10, "value": 0.25}
    load_metrics(engine, run_no, pl.DataFrame([{**figure, "low": 0.2, "high": 0.3}]))
    reason = {"user_id": USER, "item_id": f"{run_id}-1", "source": "als", "source_rank": 1}
    words = {"reason": "people like you took it", "detail": "rank 1", "gain": 0.5}
    load_explanations(engine, run_no, pl.DataFrame([{**reason, **words}]))
    end(engine, run_no)
    return run_no


@pytest.fixture
def database(engine: Engine) -> Engine:
    """Two runs, the second published after the first, with one row of everything else."""
    for run_id in ("a", "b"):
        run_no = make_whole_run(engine, run_id)
        publish(engine, "default", run_no, by="ann", reason="weekly")
    message = "lists changed a lot"
    note_alert(engine, run_no, "lists", "churn", value=0.8, threshold=0.6, message=message)
    reason = "trained today"
    add_decision(engine, "default", False, reason=reason, trigger="cooldown", run_no=run_no)
    looked = {"as_of": AS_OF, "run_no": run_no, "layout": {}, "facts": {}}
    watch_no = add_watch(engine, "default", **looked)
    ndcg = RealisedRow(run_no, "day", "all", "ndcg", 10, 0.2, 0.1, 0.3, 3, is_early=False)
    gain = replace(ndcg, name="ndcg_over_fallback", value=0.05)
    add_realised(engine, watch_no, [ndcg, gain, replace(ndcg, segment="warm")])
    with engine.begin() as connection:
        connection.execute(insert(blocked_item).values(placement="default", item_id="b-4"))
    return engine


def answer(engine: Engine, recipe: Path) -> list[dict[str, object]]:
    values = {"placement": "default", "user_id": USER, "item_id": ITEM}
    statement = text(recipe.read_text())
    known = {name: values[name] for name in statement.compile().params}
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(statement, known).mappings()]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda file: file.stem)
def test_every_recipe_answers(database: Engine, recipe: Path) -> None:
    assert answer(database, recipe)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda file: file.stem)
def test_every_recipe_begins_with_its_question(recipe: Path) -> None:
    first = recipe.read_text().splitlines()[0]
    assert first.startswith("-- ")
    assert "?" in first


def test_answers_are_those_of_the_live_run(database: Engine) -> None:
    rows = {file.stem: answer(database, file) for file in RECIPES}
    assert [row["run_id"] for row in rows["01_what_is_live"]] == ["b"]
    assert [row["item_id"] for row in rows["02_list_of_a_user"]] == ["b-1", "b-2", "b-3", "b-5"]
    assert rows["03_most_listed_items"][0]["share_of_users"] == 1
    assert rows["04_catalogue_in_lists"] == [{"items": 4, "users": 3, "lists_an_item": 3}]
    changes = {row["item_id"]: row["change"] for row in rows["08_what_the_last_move_changed"]}
    assert changes == {f"a-{n}": -3 for n in range(1, 5)} | {f"b-{n}": 3 for n in range(1, 5)}
    assert [row["run_after"] for row in rows["09_who_moved_what"]] == ["b", "a"]
    assert rows["10_why_an_item"][0]["gain"] == 0.5
    assert [row["item_id"] for row in rows["12_blocked_items"]] == ["b-4"]
    (became,) = rows["14_reported_and_realised"]
    assert (became["run_id"], became["reported"], became["realised"]) == ("b", 0.25, 0.2)
    assert became["over_fallback"] == 0.05
