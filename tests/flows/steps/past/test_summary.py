"""What policies amount to: means over the same windows, shares of always, ages of lists."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.steps.past.replay_folder import Turn
from flows.steps.past.summary import policy_rows

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(days=7)


def turns(policy: str, ndcg: list[float | None], trained: set[int]) -> list[Turn]:
    """Turns of a policy, a week apart; `trained` are the weeks in which it trained."""
    made, served = [], None
    for week, value in enumerate(ndcg):
        at = START + week * WEEK
        served = at if week in trained else served
        status = "ready" if week in trained else None
        made.append(
            Turn(policy, at, week in trained, "age", "", status=status, served="r",
                 served_as_of=served, users=9, ndcg=value)
        )  # fmt: skip
    return made


def test_means_shares_and_ages():
    always = turns("always", [0.2, 0.4, 0.3], {0, 1, 2})
    never = turns("never", [0.2, 0.2, 0.2], {0})
    rows = {row.policy: row for row in policy_rows([*always, *never], WEEK, seed=1)}
    assert rows["always"].realised_ndcg.value == pytest.approx(0.3)
    assert rows["never"].realised_ndcg.value == pytest.approx(0.2)
    assert rows["never"].of_always.value == pytest.approx(2 / 3)
    assert rows["never"].realised_ndcg.low == pytest.approx(0.2)
    assert 0.5 <= rows["never"].of_always.low < 2 / 3 < rows["never"].of_always.high <= 1
    assert rows["always"].of_always.low == rows["always"].of_always.high == 1
    assert [rows[name].trainings for name in ("always", "never")] == [3, 1]
    assert [rows[name].stale_days for name in ("always", "never")] == [3.5, 10.5]


def test_a_window_without_a_figure_of_one_policy_counts_for_none():
    always = turns("always", [0.9, 0.4], {0, 1})
    never = turns("never", [None, 0.2], {0})
    rows = policy_rows([*always, *never], WEEK, seed=1)
    assert [row.windows for row in rows] == [1, 1]
    assert rows[0].realised_ndcg.value == pytest.approx(0.4)
    assert [row.trainings for row in rows] == [2, 1]


def test_without_any_figure_there_is_none():
    rows = policy_rows(turns("always", [None], {0}), WEEK, seed=1)
    assert (rows[0].realised_ndcg, rows[0].of_always, rows[0].stale_days) == (None, None, None)


def test_a_turn_reads_back_as_it_was_written():
    (turn,) = turns("always", [0.25], {0})
    assert Turn.read(turn.as_line()) == turn
