"""Lists from a sentence, in English and Chinese, of texts and of categories."""

import numpy as np
import polars as pl
import pytest

from fusion.data.catalogue import SCHEMA, Catalogue
from fusion.on_request.by_text import MOST_PIECES, TextIndex, pieces_of

CATEGORIES = ("Western", "Horror", "Animation", "Documentary")
TITLES = ("The Long Road", "Blue Rooms", "Seven Letters", "Morning")


@pytest.fixture(scope="module")
def catalogue():
    """Sixteen titles that say nothing, four of each category, and one without any word."""
    rows = [(title, [name], True) for name in CATEGORIES for title in TITLES]
    rows.append((None, [], True))
    table = pl.DataFrame([(*row, None, None) for row in rows], schema=SCHEMA, orient="row")
    return Catalogue(table)


@pytest.fixture(scope="module")
def index(catalogue):
    return TextIndex(catalogue)


@pytest.mark.parametrize(
    ("sentence", "category"),
    [
        ("western films with cowboys", "Western"),
        ("something scary", "Horror"),
        ("cartoons for children", "Animation"),
        ("西部片", "Western"),
        ("恐怖片", "Horror"),
        ("适合孩子的动画片", "Animation"),
        ("纪录片", "Documentary"),
    ],
)
def test_a_sentence_finds_the_category_that_it_asks_for(index, catalogue, sentence, category):
    ranked = index.rank(sentence, np.ones(len(catalogue), bool), 4)
    found = catalogue.table["categories"].gather(ranked.items).to_list()
    assert found == [[category]] * 4
    assert (np.diff(ranked.scores) <= 0).all()


def test_a_title_finds_its_items(index, catalogue):
    ranked = index.rank("Seven Letters", np.ones(len(catalogue), bool), 4)
    assert set(catalogue.table["text"].gather(ranked.items)) == {"Seven Letters"}


def test_only_what_may_be_listed_and_has_words_is(index, catalogue):
    may = np.ones(len(catalogue), bool)
    may[:4] = False
    ranked = index.rank("western films with cowboys", may, 50)
    assert set(ranked.items) == set(range(4, 16))


def test_texts_that_no_model_reads_are_compared_by_characters(catalogue):
    ranked = TextIndex(catalogue, "tfidf").rank("blue room", np.ones(len(catalogue), bool), 4)
    assert set(catalogue.table["text"].gather(ranked.items)) == {"Blue Rooms"}


def test_vectors_are_taken_from_the_cache(catalogue, tmp_path):
    cached = TextIndex(catalogue, cache=tmp_path)
    may = np.ones(len(catalogue), bool)
    first = cached.rank("war", may, 16)
    again = TextIndex(catalogue, cache=tmp_path).rank("war", may, 16)
    assert (first.items == again.items).all()
    assert (first.scores == again.scores).all()
    assert any(tmp_path.rglob("*.*"))


def test_a_sentence_is_cut_into_words_and_chinese_into_characters():
    assert pieces_of("a sad western") == [
        "a sad western", "a", "a sad", "sad", "sad western", "western"
    ]  # fmt: skip
    assert pieces_of("恐怖片 now") == ["恐怖片 now", "恐怖片", "now", "恐怖", "怖片"]


def test_a_whole_page_is_cut_into_no_more_pieces_than_a_sentence_may_have():
    for page in (
        "word " * 10_000,
        "恐怖片" * 10_000,
        "".join(chr(0x4E00 + n) for n in range(5000)),
    ):
        assert len(pieces_of(page)) <= MOST_PIECES


def test_categories_that_a_sentence_names_outweigh_titles_that_are_like_it():
    """By texts alone a title that sounds right comes before the films that are what was asked."""
    rows = [
        ("The Long Road", ["Sci-Fi", "Children"]),
        ("Blue Rooms", ["Sci-Fi", "Children"]),
        ("My Kid Could Paint That", ["Documentary"]),
        ("A Story of Children and Film", ["Documentary"]),
        ("Kids for Children", ["Drama"]),
        ("Seven Letters", ["Western", "Horror"]),
    ]
    table = pl.DataFrame([(*row, True, None, None) for row in rows], schema=SCHEMA, orient="row")
    ranked = TextIndex(Catalogue(table)).rank("适合孩子的科幻片", np.ones(6, bool), 2)
    assert set(ranked.items) == {0, 1}
