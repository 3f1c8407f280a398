import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sqlalchemy import select, text

from fusion.errors import DataError, Temporary
from storage.loading.bulk import (
    load_explanations,
    load_fallback,
    load_lists,
    load_metrics,
    load_served,
)
from storage.reading.read import lists_of, served_of
from storage.runs.partitions import remove_lists
from storage.schema.tables import metric
from storage.slots.publish import publish
from tests.storage.making import begin, end, list_for, lists, make_run

ODD = [
    "plain",
    "with 'single' and \"double\" quotes",
    "tab\there",
    "line\nbreak",
    "carriage\r\nreturn",
    "only\rreturn",
    "back\\slash",
    "\\N",
    "\\.",
    "a\n\\.\nb",
    "comma, semicolon;",
    " blanks ",
    "",
    "ünïcödé 推荐 🎬👩‍👩‍👧",
    "; DROP TABLE run; --",
    "%s %(x)s :name ?",
    "x" * 500,
    "007",
    "7",
]


def test_every_text_comes_back_as_it_went(engine):
    run_no = begin(engine, "odd")
    blocks = [
        lists("odd", [user]).with_columns(item_id=pl.lit(user) + pl.col("item_id")) for user in ODD
    ]
    assert load_lists(engine, run_no, blocks) == 7 * len(ODD)
    load_served(engine, run_no, pl.DataFrame({"user_id": ODD, "route": "warm", "segment": ODD}))
    end(engine, run_no)
    publish(engine, "default", run_no, by="test", reason="odd ids")
    wanted = pl.concat(blocks).select("user_id", "rank", "item_id", "score").sort("user_id", "rank")
    assert_frame_equal(lists_of(engine, run_no), wanted)
    assert served_of(engine, run_no)["segment"].to_list() == sorted(ODD)
    for user in ODD:
        assert list_for(engine, "default", user)["item_id"].to_list() == [
            f"{user}odd-{n}" for n in (1, 2, 3, 4)
        ]


def test_scores_keep_every_bit(engine):
    scores = pl.Series([0.1, 1 / 3, 1e-38, -3.4e38, 16777217.0, 1e-45], dtype=pl.Float32)
    run_no = begin(engine, "bits")
    block = lists("bits", ["u"], rows=6).with_columns(score=scores)
    load_lists(engine, run_no, [block])
    assert lists_of(engine, run_no)["score"].to_list() == scores.to_list()


def test_top_cuts_lists(engine):
    run_no = make_run(engine, "a")
    assert lists_of(engine, run_no, top=2)["rank"].to_list() == [1, 2] * 3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"user_id": pl.lit("a\0b")}, "NUL"),
        ({"item_id": pl.lit(None, dtype=pl.String)}, "null in 'item_id'"),
        ({"score": pl.lit(float("nan"), dtype=pl.Float32)}, "NaN"),
        ({"probability": pl.lit(float("inf"))}, "infinity in 'probability'"),
        ({"rank": pl.lit("first")}, "wrong kind of column"),
        ({"rank": pl.lit(1)}, "twice"),
    ],
)
def test_what_sql_cannot_hold_is_refused_and_nothing_stays(engine, change, words):
    run_no = begin(engine, "bad")
    with pytest.raises(DataError, match=words):
        load_lists(
            engine, run_no, [lists("bad", ["u0"]), lists("bad", ["u1"]).with_columns(**change)]
        )
    assert len(lists_of(engine, run_no)) == 0
    assert (
        load_lists(engine, run_no, [lists("bad", ["u0"])]) == 7
    )  # and the run can be loaded after all


def test_rows_that_show_what_is_wrong_are_no_part_of_the_sentence(engine):
    bad = lists("bad", ["u7"]).with_columns(score=pl.lit(float("nan"), dtype=pl.Float32))
    with pytest.raises(DataError, match=r"e\.g\. .*'u7'") as refused:
        load_lists(engine, begin(engine, "bad"), [bad])
    assert "u7" not in refused.value.message
    assert {row["user_id"] for row in refused.value.examples} == {"u7"}


def test_missing_column_is_named(engine):
    with pytest.raises(DataError, match=r"\['score'\] are missing"):
        load_lists(engine, begin(engine, "bad"), [lists("bad", ["u"]).drop("score")])


def test_lists_load_once_and_only_in_training(engine):
    run_no = begin(engine, "once")
    load_lists(engine, run_no, [lists("once", ["u"])])
    with pytest.raises(DataError):
        load_lists(engine, run_no, [lists("once", ["u"])])
    end(engine, run_no)
    with pytest.raises(Temporary, match="ready, not in training"):
        load_lists(engine, run_no, [lists("once", ["v"])])
    with pytest.raises(Temporary, match="not there"):
        load_served(
            engine, 99, pl.DataFrame({"user_id": ["u"], "route": ["warm"], "segment": ["x"]})
        )


def test_fallback_needs_all(engine):
    frame = lists("f", ["young"]).rename({"user_id": "segment"})
    with pytest.raises(DataError, match="segment 'all' has no list"):
        load_fallback(engine, begin(engine, "f"), frame)


def test_explanations_go_in(engine):
    run_no = begin(engine, "why")
    frame = pl.DataFrame(
        {
            "user_id": ["u", "u"],
            "item_id": ["i", "i"],
            "source": ["als", "ease"],
            "source_rank": [1, None],
        }
    ).with_columns(
        reason=pl.lit("because\tof it"),
        detail=pl.lit(None, dtype=pl.String),
        gain=pl.Series([0.5, None], dtype=pl.Float32),
    )
    assert load_explanations(engine, run_no, frame) == 2
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT source, source_rank, reason, detail, gain FROM explanation ORDER BY source"
            )
        )
        assert rows.all() == [
            ("als", 1, "because\tof it", None, 0.5),
            ("ease", None, "because\tof it", None, None),
        ]


def test_metrics_are_replaced_run_by_run(engine):
    def figures(value: float | None) -> pl.DataFrame:
        row = {
            "subject": "ranker",
            "segment": None,
            "name": "ndcg",
            "k": 10,
            "value": value,
            "low": None,
            "high": 0.4,
        }
        return pl.DataFrame(
            [row, row | {"name": "auc", "k": None, "value": 0.9}], infer_schema_length=None
        )

    first, second = make_run(engine, "a"), make_run(engine, "b")
    load_metrics(engine, first, figures(0.3))
    load_metrics(engine, second, figures(0.2))
    load_metrics(engine, second, figures(float("nan")))
    columns = (metric.c.run_no, metric.c.segment, metric.c.k, metric.c.value, metric.c.high)
    with engine.connect() as connection:
        ndcg = connection.execute(
            select(*columns).where(metric.c.name == "ndcg").order_by(metric.c.run_no)
        ).all()
        auc = select(metric.c.k).where(metric.c.name == "auc")
        assert connection.scalars(auc).all() == [0, 0]
    assert ndcg == [(first, "all", 10, 0.3, 0.4), (second, "all", 10, None, 0.4)]
    with pytest.raises(DataError, match="run number 99 is not there"):
        load_metrics(engine, 99, figures(0.1))


def test_metrics_replace_their_subjects_whole_but_for_names_that_are_kept(engine):
    def figures(*rows: tuple[str, str]) -> pl.DataFrame:
        numbers = {"segment": "all", "k": 0, "value": 0.5, "low": None, "high": None}
        return pl.DataFrame([{"subject": who, "name": name, **numbers} for who, name in rows])

    first, second = make_run(engine, "a"), make_run(engine, "b")
    older = figures(("items", "psi"), ("features", "psi"), ("features", "gate"), ("als", "psi"))
    for run_no in (first, second):
        load_metrics(engine, run_no, older)
    again = figures(("items", "js"))
    load_metrics(engine, second, again, subjects=("items", "features"), kept=("gate",))
    stored = select(metric.c.run_no, metric.c.subject, metric.c.name)
    with engine.connect() as connection:
        rows = sorted(connection.execute(stored).all())
    assert rows[4:] == [
        (second, "als", "psi"),
        (second, "features", "gate"),
        (second, "items", "js"),
    ]
    assert [run_no for run_no, _, _ in rows[:4]] == [first] * 4
    # Nothing to load, and yet the older figures go.
    load_metrics(engine, second, again.clear(), subjects=("items",))
    with engine.connect() as connection:
        rows = connection.execute(stored.where(metric.c.run_no == second)).all()
    assert {subject for _, subject, _ in rows} == {"als", "features"}


def test_removed_lists_leave_the_others(engine):
    first, second = make_run(engine, "a"), make_run(engine, "b")
    remove_lists(engine, first)
    assert len(lists_of(engine, first)) == len(served_of(engine, first)) == 0
    assert len(lists_of(engine, second)) == 21
    remove_lists(engine, first)  # a second time is no error
