"""The Python calls of a notebook: everyone asked for, in order, with what serves them."""

import polars as pl
import pytest

from fusion import ConfigError, DataError, Fused, UnknownName, ask, from_frames, recommend
from fusion.runs.run_folder import ListsFolder
from tests.fusion.making import replaced


@pytest.fixture(scope="module")
def fused(done, data):
    context, trained = done
    return Fused(data, trained, context.config)


def test_users_come_in_the_order_asked_each_by_rank(fused):
    asked = ["nobody", "u7", "u3", "nobody", "u5"]
    rows = recommend(fused, asked, k=4)
    assert rows["user_id"].to_list() == [user for user in asked for _ in range(4)]
    assert rows["rank"].to_list() == [1, 2, 3, 4] * len(asked)
    assert rows.filter(user_id="u3").equals(recommend(fused, ["u3"], k=4))
    assert recommend(fused, [], k=4).is_empty()
    assert recommend(fused, ["u3"])["rank"].to_list() == list(range(1, 9))  # all that is stored


def test_a_cold_user_gets_the_fallback_of_their_segment_and_else_that_of_all(fused, data):
    fallback = pl.read_parquet(ListsFolder(fused.trained.lists).fallback)
    row = data.user_ids.rows(pl.Series(["nobody"]))[0]
    shown = {}
    for value in ("f", "m", "unheard of", None):
        sexes = data.user_table["sex"].to_list()
        sexes[row] = value
        table = data.user_table.with_columns(sex=pl.Series(sexes, dtype=pl.String))
        known = Fused(replaced(data, user_table=table), fused.trained, fused.config)
        shown[value] = recommend(known, ["nobody"], k=8)["item_id"].to_list()
    for value, segment in (("f", "sex=f"), ("m", "sex=m"), ("unheard of", "all"), (None, "all")):
        items = fallback.filter(segment=segment)["item"].to_numpy()
        assert shown[value] == data.item_ids.texts(items).to_list()
    assert shown["f"] != shown["m"]


@pytest.mark.parametrize("k", [0, 9])
def test_more_places_than_are_stored_are_refused_with_the_cure(fused, k):
    lists = fused.config.lists
    assert lists.size + lists.reserve == 8
    with pytest.raises(ConfigError, match=r"stored 8 places .* k from 1 to 8, or train with"):
        recommend(fused, ["u1"], k)


def test_an_unknown_user_is_named(fused):
    with pytest.raises(UnknownName, match="unknown user 'u1x'"):
        recommend(fused, ["u1", "u1x"])


def test_somebody_new_gets_a_list_from_items_or_a_sentence(fused, data):
    by_items = recommend(fused, items=["i1", "i6"], k=4)
    assert by_items.columns == ["rank", "item_id", "score", "source"]
    assert by_items["rank"].to_list() == [1, 2, 3, 4]
    assert not {"i1", "i6"} & {*by_items["item_id"]}
    assert {*by_items["source"]} == {"co_likes"}
    by_text = recommend(fused, text="jazz", k=4)
    assert by_text.columns == ["rank", "item_id", "score"]
    categories = data.item_table["genres"].gather(data.item_ids.rows(by_text["item_id"]))
    assert all("jazz" in names for names in categories)


def test_somebody_new_is_asked_and_gets_a_list_from_the_answers(fused, data):
    questions = ask(fused, 3)
    first, second, third = questions["item_id"]
    assert ask(fused).head(3).drop("place").equals(questions.drop("place"))
    rows = recommend(fused, answers={first: True, second: False, third: None}, k=4)
    assert rows.columns == ["rank", "item_id", "score"]
    assert rows["rank"].to_list() == [1, 2, 3, 4]
    assert not {first, second} & {*rows["item_id"]}
    liked = len(
        set(data.users[data.liked & (data.items == data.item_ids.rows(questions["item_id"])[0])])
    )
    assert questions["liked_by"][0] == pytest.approx(liked / len(set(data.users[data.liked])))


def test_exactly_one_question_is_answered(fused):
    for asked in (
        {},
        {"users": ["u1"], "items": ["i1"]},
        {"items": ["i1"], "text": "jazz"},
        {"text": "jazz", "answers": {}},
    ):
        with pytest.raises(ConfigError, match="exactly one of them"):
            recommend(fused, **asked)
    with pytest.raises(ConfigError, match="lists of users stand in SQL"):
        recommend(fused.on_request, ["u1"])
    with pytest.raises(UnknownName, match="unknown item 'i1x'"):
        recommend(fused, items=["i1x"])
    with pytest.raises(ConfigError, match="k = 0 is no number of places"):
        recommend(fused, items=["i1"], k=0)


def test_a_wrong_column_is_one_of_a_frame():
    frame = pl.DataFrame({"userId": [1, 2], "item": [3, 4]})
    with pytest.raises(DataError) as stopped:
        from_frames(frame)
    message = str(stopped.value)
    assert "the frame of interactions has no column 'user' (nearest: 'userId')" in message
    assert "query" not in message
