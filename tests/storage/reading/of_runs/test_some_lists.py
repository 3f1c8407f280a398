"""Lists of some users, on both databases."""

from sqlalchemy import update

from storage.reading.of_runs.some_lists import first_lists, lists_between
from storage.schema.tables import served_user
from tests.storage.making import SIZE, make_run

USERS = ["a", "B", "c", "d"]
"""By bytes: B, a, c, d."""


def test_lists_are_whole_however_few_are_asked_for(engine):
    run_no = make_run(engine, "one", USERS)
    some = first_lists(engine, run_no, SIZE, 3)
    assert not some.is_all
    counts = some.rows.group_by("user_id", maintain_order=True).len()
    assert counts.rows() == [("B", SIZE), ("a", SIZE)]
    assert some.rows["rank"].to_list() == [1, 2, 3, 4] * 2


def test_all_are_read_where_there_is_room(engine):
    run_no = make_run(engine, "one", USERS)
    everyone = first_lists(engine, run_no, SIZE, 5)
    assert everyone.is_all
    assert everyone.rows["user_id"].n_unique() == 4
    assert first_lists(engine, run_no + 1, SIZE, 5).rows.is_empty()


def test_users_between_two_ids_are_those_between_them_by_bytes(engine):
    run_no = make_run(engine, "one", USERS)
    between = lists_between(engine, run_no, SIZE, ("B", "c"), 9)
    assert between.rows["user_id"].unique(maintain_order=True).to_list() == ["B", "a", "c"]
    assert between.is_all


def test_who_has_no_history_is_left_out_and_makes_no_list_shorter(engine):
    run_no = make_run(engine, "one", USERS)
    with engine.begin() as connection:
        of_one = (served_user.c.run_no == run_no) & (served_user.c.user_id == "a")
        connection.execute(update(served_user).where(of_one).values(route="cold"))
    some = first_lists(engine, run_no, SIZE, 3)
    assert not some.is_all
    assert some.rows["user_id"].unique(maintain_order=True).to_list() == ["B", "c"]
    assert first_lists(engine, run_no, SIZE, 5).rows["user_id"].n_unique() == 3
