"""Lists that a twin may be compared with: those of users with a history."""

from sqlalchemy import text

from flows.steps.watch.compare import compare
from flows.steps.watch.twin import lists_with_history
from storage.database.engine import writing
from storage.reading.read import lists_of
from storage.runs.runs import runs
from tests.flows.world import PERSON


def test_lists_from_attributes_count_for_no_churn(own_runs):
    """As if one user had no history in either run, and lists from attributes that changed."""
    engine = own_runs.engine
    second, first = (run.run_id for run in runs(engine, "default"))
    before = compare(own_runs, first, second)
    served = before.stable.value("users_both")
    with writing(engine) as connection:
        values = {"person": PERSON}
        connection.execute(
            text("update served_user set route = 'cold' where user_id = :person"), values
        )
        connection.execute(
            text("delete from recommendation where user_id = :person and run_no = 1"), values
        )
    assert PERSON in lists_of(engine, 2, 5)["user_id"]
    of_method = lists_with_history(engine, 2, 5)
    assert PERSON not in of_method["user_id"]
    assert of_method.columns == lists_of(engine, 2, 5).columns
    after = compare(own_runs, first, second)
    assert after.stable.value("users_both") == served - 1
    assert after.stable.value("users_gained") == before.stable.value("users_gained")
