"""Expressions look at one row: what they say of a row does not depend on the others."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.ingest.own_checks.expression_guard import FUNCTIONS, KEYWORDS, pieces_of
from fusion.ingest.own_checks.expression_types import type_expression

SCHEMA = {"t": pl.String(), "x": pl.Float64(), "y": pl.Float64()}
CALLS = {
    **{name: f"{name}(x) > 1" for name in ("abs", "ceil", "exp", "floor", "ln", "sign", "sqrt")},
    **{name: f"{name}(x, y) > 1" for name in ("greatest", "least", "mod", "pow", "coalesce")},
    **{name: f"{name}(t) = 'a'" for name in ("lower", "upper", "trim", "ltrim", "rtrim")},
    **{name: f"{name}(t) = 2" for name in ("length", "char_length")},
    **{name: f"{name}(t, 'a')" for name in ("starts_with", "ends_with", "regexp_like")},
    **{name: f"{name}(t, 1) = 'a'" for name in ("left", "right")},
    "round": "round(x, 1) > 1",
    "concat": "concat(t, 'b') = 'ab'",
    "replace": "replace(t, 'a', 'b') = 'b'",
    "strpos": "strpos(t, 'a') = 1",
    "substr": "substr(t, 1, 1) = 'a'",
    "nullif": "nullif(t, 'a') = 'b'",
}
FRAME = pl.DataFrame(
    {"c t": ["a", "ab", "b", None], "c x": [1.0, -2.5, 4.0, None], "c y": [0.0, 3.0, 1.0, 2.0]}
)


def test_every_function_is_tried():
    assert set(CALLS) == FUNCTIONS


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_function_says_the_same_of_a_row_alone_and_among_others(name):
    condition = type_expression(CALLS[name], "c", SCHEMA).condition()
    together = FRAME.select(condition).to_series().to_list()
    alone = [row.select(condition).to_series()[0] for row in FRAME.iter_slices(1)]
    assert together == alone
    assert {True, False} & set(together)


OTHERS = (
    *("x", "y", "t", "(", ")", ",", "+", "-", "*", "<", "=", "||", ";", "--"),
    *("'a'", "1", '"x"', "double", "select", "from", "over", "count", "read_csv"),
)
WORDS = st.sampled_from([*sorted(FUNCTIONS), *sorted(KEYWORDS), *OTHERS])


@given(st.lists(WORDS, max_size=30))
def test_whatever_is_written_is_one_truth_a_row_or_a_sentence(words):
    expression = " ".join(words)
    try:
        condition = type_expression(expression, "c", SCHEMA).condition()
    except ValueError:
        return
    except KeyError:  # a column that is not there, which is named before types are tried
        named = {piece.value for piece in pieces_of(expression) if piece.kind == "column"}
        assert not named <= set(SCHEMA)
    else:
        together = FRAME.with_columns(pl.col("c t").fill_null("")).select(condition)
        assert (together.height, together.dtypes) == (4, [pl.Boolean])
