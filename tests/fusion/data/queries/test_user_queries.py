"""The newest texts of users before their own moments, and what tells queries from others."""

from dataclasses import replace

import numpy as np
import polars as pl

from fusion.data.queries.user_queries import UserQueries

WORDS = pl.Series("text", ["blue", "green", "red"])
MADE = UserQueries(
    users=np.array([0, 0, 0, 2, 2], np.int32),
    times=np.array([10, 20, 30, 5, 40]),
    texts=np.array([0, 1, 0, 2, 1], np.int32),
    words=WORDS,
    item_vectors=np.eye(2, dtype=np.float32),
)


def newest(users, moments, count=2):
    found = MADE.newest(np.array(users, np.int32), np.array(moments), count)
    texts, times = found.texts.tolist(), found.times.tolist()
    pairs = [*zip(texts, times, strict=True)]
    return [pairs[a:b] for a, b in zip(found.borders[:-1], found.borders[1:], strict=True)]


def test_the_newest_before_the_own_moment_oldest_first():
    assert newest([0, 1, 2], [31, 31, 31]) == [[(1, 20), (0, 30)], [], [(2, 5)]]
    assert newest([2, 0], [41, 31], count=1) == [[(1, 40)], [(0, 30)]]


def test_what_is_written_at_the_moment_is_not_known_yet():
    assert newest([0, 0, 0], [30, 10, 11]) == [[(0, 10), (1, 20)], [], [(0, 10)]]


def test_users_without_a_row_wrote_nothing():
    assert newest([-1, 9], [99, 99]) == [[], []]
    assert UserQueries().newest(np.array([0], np.int32), np.array([9]), 3).borders.tolist() == [
        0,
        0,
    ]


def test_an_earlier_fold_keeps_words_and_vectors():
    early = MADE.before(20)
    assert (early.users.tolist(), early.times.tolist()) == ([0, 2], [10, 5])
    assert early.are_encoded
    assert early.words is MADE.words


def test_the_digest_is_of_what_was_written_however_words_are_numbered():
    other = pl.Series("text", ["a new word", *WORDS])
    renumbered = replace(MADE, words=other, texts=MADE.texts + 1)
    assert renumbered.digest == MADE.digest
    changed = (
        replace(MADE, texts=MADE.texts[::-1]),
        replace(MADE, times=MADE.times + 1),
        replace(MADE, encoder="another"),
        replace(MADE, item_vectors=MADE.item_vectors[::-1]),
        MADE.of_users(np.array([0])),
    )
    assert len({MADE.digest, *(one.digest for one in changed)}) == 6
