"""Lists from attributes judged by hidden users: served where likes follow them, else not."""

import numpy as np
import pytest

from fusion.evaluation.cold_users import judge as judging
from fusion.evaluation.cold_users.hidden_users import HiddenUsers
from fusion.evaluation.cold_users.judge import GRID, judge_cold_users
from fusion.lists.cold_users.attributes import user_attributes
from tests.fusion.lists.cold_users.world import cold_world
from tests.fusion.making import config, context_of, replaced


def context(tmp_path, data, **lists):
    return context_of(tmp_path, data, config(lists={"size": 10, "reserve": 10, **lists}))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return context(tmp_path_factory.mktemp("planted"), cold_world())


@pytest.fixture(scope="module")
def report(planted):
    return judge_cold_users(planted)


def test_planted_attributes_beat_segment_and_popularity(report):
    for rival in ("fallback", "popularity"):
        for metric in ("ndcg@10", "recall@20", "hit@10"):
            assert report.gaps[rival][metric].low > 0
    assert report.rows["attributes"]["ndcg@10"].value > 2 * report.rows["fallback"]["ndcg@10"].value
    assert report.serves
    assert report.served == report.settings
    assert report.columns == ("region", "job", "age")
    assert report.cold == 40


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_not_served(tmp_path, seed):
    noise = judge_cold_users(context(tmp_path, cold_world(seed, planted=False)))
    assert not noise.serves
    assert noise.served is None
    assert noise.reason == "they are not surely better than the fallback"


def test_the_same_bits_twice(planted, report):
    assert judge_cold_users(planted) == report


def test_more_cold_users_than_the_limit_get_the_fallback(tmp_path, report):
    few = judge_cold_users(context(tmp_path, cold_world(), cold_users=39))
    assert not few.serves
    assert few.gaps == report.gaps
    assert few.reason == "40 cold users are more than [lists] cold_users = 39"


def test_nothing_is_judged_that_nobody_asks_for(tmp_path):
    data = cold_world()
    assert judge_cold_users(context(tmp_path, data, cold_users=0)) is None
    segment = replaced(data, user_table=data.user_table.select("region"))
    assert judge_cold_users(context(tmp_path, segment)) is None
    assert judge_cold_users(context(tmp_path, cold_world(n_cold=0))) is None


def test_few_users_are_no_evidence(tmp_path):
    small = judge_cold_users(context(tmp_path, cold_world(n_users=60, n_events=900)))
    assert not small.serves
    assert "too few to judge by" in small.reason


class TestNoLeak:
    """No event of a judged user has a part in their list, and no later one of anybody."""

    def lists(self, context, fold):
        hidden = HiddenUsers.of(context, user_attributes(context.data))
        users = hidden.judged(fold, 1000)
        made = hidden.map_lists(fold, users, [[GRID[0]]] * 5)
        return hidden, users, np.concatenate([made, np.stack(hidden.fallback(fold, users))])

    def test_deleting_the_events_of_a_part_changes_none_of_its_lists(self, planted):
        fold = planted.plan.verdict
        hidden, users, before = self.lists(planted, fold)
        for part in range(5):
            known = fold.known.take(hidden.part_of[fold.known.users] != part)
            members = hidden.part_of[users] == part
            _, again, after = self.lists(planted, replaced_known(fold, known))
            assert np.array_equal(again, users)
            assert members.any()
            assert np.array_equal(before[:, members], after[:, members])
            # The others' lists do come of these events.
            assert not np.array_equal(before[:, ~members], after[:, ~members])

    def test_what_happens_after_the_cut_changes_no_list(self, planted):
        fold, data = planted.plan.verdict, planted.data
        before = self.lists(planted, fold)[2]
        rng = np.random.default_rng(5)
        items = np.where(data.times >= fold.cut, rng.permutation(data.items), data.items)
        later = replaced(data, items=items.astype(np.int32))
        moved = replaced_known(fold, later.before(fold.cut))
        assert np.array_equal(before, self.lists(planted, moved)[2])

    def test_nobody_chooses_the_settings_of_their_own_list(self, planted, monkeypatch):
        """Each part's settings come of the other parts' figures on the label fold."""
        asked = {}
        judgement = judging.judge_lists

        def spy(hidden, fold, users, choices):
            asked.update(hidden=hidden, fold=fold, choices=choices)
            return judgement(hidden, fold, users, choices)

        monkeypatch.setattr(judging, "judge_lists", spy)
        judge_cold_users(planted)
        assert asked["fold"] is planted.plan.verdict
        hidden = asked["hidden"]
        values, users = judging.values_of_grid(hidden, planted.plan.labels)
        for part, choice in enumerate(asked["choices"]):
            others = values[:, hidden.part_of[users] != part]
            assert choice == GRID[int(others.mean(axis=1, dtype=np.float64).argmax())]


def replaced_known(fold, known):
    fields = {name: getattr(fold, name) for name in fold.__dataclass_fields__}
    return type(fold)(**{**fields, "known": known})
