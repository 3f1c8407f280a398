"""Questions to somebody new: what is asked first, and what a list makes of the answers."""

import numpy as np
import pytest

from fusion.data.catalogue import Catalogue
from fusion.errors import ConfigError, DataError, UnknownName
from fusion.on_request import likes as counting
from fusion.on_request.choose_questions import choose_questions
from fusion.on_request.interview import Interview, read_questions
from fusion.on_request.likes import FEWEST_LIKES
from fusion.on_request.optimal_design import choose_greedily
from fusion.on_request.questions import Questions
from tests.fusion.making import dataset, frame_of, synthetic_dataset

SEED = 3
FIELDS = ("items", "explained", "targets", "shares", "covariance")


@pytest.fixture(scope="module")
def two_tastes():
    """All like the hit, half of either taste the coin, nearly all of taste a and no other `a-sign`.

    Every other item is liked by half of its taste.
    """
    rng, rows = np.random.default_rng(3), []
    for user in range(80):
        taste = "ab"[user % 2]
        liked = [f"{taste}{item}" for item in rng.permutation(8)[:4]] + ["hit"]
        liked += ["coin"] * (user % 4 < 2) + ["a-sign"] * (taste == "a" and user > 3)
        rows += [(f"u{user}", item, day) for day, item in enumerate(liked)]
    return dataset(frame_of(rows))


def interview_of(data):
    return Interview(choose_questions(data, SEED), data.item_ids, Catalogue.of(data))


def listed(data, answers, k=5, may=None):
    may = np.ones(data.n_items, bool) if may is None else may
    return data.item_ids.texts(interview_of(data).rank(answers, may, k).items).to_list()


def likes_of(data):
    """Who likes what, (U, I) of ones, by a loop."""
    likes = np.zeros((data.n_users, data.n_items))
    for user, item, liked in zip(data.users, data.items, data.liked, strict=True):
        likes[user, item] = max(likes[user, item], float(liked))
    return likes[likes.any(axis=1)]


def test_the_item_that_splits_the_tastes_is_asked_about_first(two_tastes):
    """Most users like the hit, and answers about the coin differ most: both say nothing."""
    questions = interview_of(two_tastes).ask(3, np.ones(two_tastes.n_items, bool))
    assert questions["item_id"][0] == "a-sign"
    assert "hit" not in questions["item_id"]
    assert questions["place"].to_list() == [1, 2, 3]
    assert questions["liked_by"][0] == np.float32(38 / 80)
    assert (np.diff(questions["explained"]) > 0).all()


def test_lists_follow_the_answers(two_tastes):
    liked = listed(two_tastes, {"a-sign": True}, 9)
    disliked = listed(two_tastes, {"a-sign": False}, 9)
    unknown = listed(two_tastes, {"a-sign": None}, 9)
    for said, taste in ((liked, "a"), (disliked, "b")):
        assert said[0] == "hit"
        assert {one[0] for one in said if one not in ("hit", "coin")} == {taste}
    # Who does not know it is as unlike taste a as who does not like it.
    assert unknown == disliked
    # What they do not know may be listed.
    assert "a-sign" not in listed(two_tastes, {"a-sign": False}, 100)
    assert "a-sign" in listed(two_tastes, {"a-sign": None}, 100)


def test_without_answers_the_list_is_what_most_people_like(two_tastes):
    counts = likes_of(two_tastes).sum(axis=0)
    wanted = sorted(range(two_tastes.n_items), key=lambda item: (-counts[item], item))[:6]
    assert listed(two_tastes, {}, 6) == two_tastes.item_ids.texts(np.array(wanted)).to_list()


def test_the_greedy_choice_is_that_of_solving_for_every_candidate():
    """Against the variance that a ridge regression on each set of answers explains."""
    data = synthetic_dataset()
    likes = likes_of(data)
    covariance = np.cov(likes.T, bias=True)
    known = np.flatnonzero(likes.sum(axis=0) >= FEWEST_LIKES)
    noise = float(np.diag(covariance)[known].mean())
    chosen, explained = [], []
    for _ in range(6):
        best = (0.0, -1)
        for item in set(known) - set(chosen):
            asked = [*chosen, item]
            own = covariance[np.ix_(asked, asked)] + noise * np.eye(len(asked))
            others = covariance[np.ix_(known, asked)]
            best = max(best, (float(np.trace(others @ np.linalg.solve(own, others.T))), -item))
        chosen.append(-best[1])
        explained.append(best[0])
    questions = choose_questions(data, SEED)
    assert questions.items[:6].tolist() == chosen
    variance = np.diag(covariance)[known].sum()
    np.testing.assert_allclose(questions.explained[:6], np.array(explained) / variance, rtol=1e-5)


def test_scores_are_a_ridge_regression_of_likes_on_answers():
    data = synthetic_dataset()
    likes, questions = likes_of(data), choose_questions(data, SEED)
    n_users = len(likes)
    asked = questions.items[:4]
    answers = dict(zip(asked.tolist(), (True, False, True, False), strict=True))
    known = likes[:, asked] - likes[:, asked].mean(axis=0)
    shares = likes.sum(axis=0) / n_users
    candidates = shares[likes.sum(axis=0) >= FEWEST_LIKES]
    noise = (candidates * (1 - candidates)).mean()
    weights = np.linalg.solve(
        known.T @ known + n_users * noise * np.eye(4), known.T @ (likes - shares)
    )
    scores = shares + (np.array([1, 0, 1, 0]) - likes[:, asked].mean(axis=0)) @ weights
    may = np.arange(data.n_items) % 3 > 0
    ranked = questions.rank(answers, may, 10)
    may &= likes.sum(axis=0) >= FEWEST_LIKES
    wanted = sorted(np.flatnonzero(may), key=lambda item: -scores[item])[:10]
    np.testing.assert_allclose(ranked.scores, scores[wanted], rtol=1e-4)
    np.testing.assert_allclose(scores[ranked.items], scores[wanted], rtol=1e-4)


def test_what_nobody_varies_in_is_never_asked():
    same = np.zeros((3, 3))
    assert choose_greedily(same, same, 0.1, 3) == ([], [])


def test_dislikes_and_repeats_are_no_likes():
    rows = [(f"u{n}", "good", n) for n in range(6)] + [(f"u{n}", "bad", n, False) for n in range(6)]
    rows += [(f"u{n}", "fine", n + 10) for n in range(3)] * 2
    questions = choose_questions(dataset(frame_of(rows)), SEED)
    assert len(questions.targets) == 2
    assert sorted(questions.shares.tolist()) == [0.5, 1.0]


def test_of_many_users_the_same_are_drawn_twice(monkeypatch):
    data = synthetic_dataset()
    everyone = choose_questions(data, SEED)
    monkeypatch.setattr(counting, "MOST_USERS", 30)
    some, again, others = (choose_questions(data, seed) for seed in (SEED, SEED, SEED + 1))
    for name in FIELDS:
        assert getattr(some, name).tobytes() == getattr(again, name).tobytes()
    np.testing.assert_allclose(some.shares * 30, np.round(some.shares * 30), atol=1e-4)
    assert some.covariance.tobytes() != others.covariance.tobytes()
    assert some.covariance.tobytes() != everyone.covariance.tobytes()


@pytest.mark.filterwarnings("error")
def test_where_all_like_the_same_there_is_nothing_to_ask():
    alike = dataset(frame_of([(f"u{user}", item, user + 1) for user in range(9) for item in "abc"]))
    assert not len(choose_questions(alike, SEED).items)


def test_questions_come_back_from_their_file(two_tastes, tmp_path):
    nothing = choose_questions(dataset(frame_of([("u", "a", 1), ("v", "b", 2)])), SEED)
    assert not len(nothing.items)
    for questions in (choose_questions(two_tastes, SEED), nothing):
        questions.write(tmp_path / "questions.parquet")
        read = Questions.read(tmp_path / "questions.parquet")
        for name in FIELDS:
            written, back = getattr(questions, name), getattr(read, name)
            assert (written.dtype, written.shape) == (back.dtype, back.shape)
            assert written.tobytes() == back.tobytes()


def test_a_file_that_is_gone_or_damaged_is_named_with_the_cure(tmp_path):
    file = tmp_path / "questions.parquet"
    with pytest.raises(DataError, match=r"no questions.parquet: an older release .* `fusion run`"):
        read_questions(file)
    file.write_bytes(b"no table")
    with pytest.raises(DataError, match=r"questions.parquet is damaged: .* `fusion run`"):
        read_questions(file)


def test_what_may_not_be_shown_is_not_asked_about(two_tastes):
    may = np.ones(two_tastes.n_items, bool)
    interview = interview_of(two_tastes)
    first, second = interview.ask(2, may)["item_id"]
    may[two_tastes.item_ids.values.to_list().index(first)] = False
    assert interview.ask(1, may)["item_id"].to_list() == [second]
    with pytest.raises(DataError, match="nothing to ask"):
        interview.ask(1, np.zeros(two_tastes.n_items, bool))


@pytest.mark.parametrize("n", [0, -1, 19])
def test_a_number_of_questions_that_the_run_has_not_is_refused(two_tastes, n):
    may = np.ones(two_tastes.n_items, bool)
    interview = interview_of(two_tastes)
    assert len(interview.ask(18, may)) == 18
    assert len(interview.ask(None, may)) == 8
    with pytest.raises(ConfigError, match=f"n = {n} questions: this run can ask from 1 to 18"):
        interview.ask(n, may)


def test_an_answer_to_what_nobody_asked_is_refused(two_tastes):
    for item in ("hit", "a-sing"):
        with pytest.raises(UnknownName, match=item):
            listed(two_tastes, {item: True})
