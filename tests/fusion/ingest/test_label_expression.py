import json

import polars as pl
import pytest

from fusion.errors import ConfigError
from fusion.ingest.label_expression import TypedColumn, columns_of, positive_expr

FRAME = pl.DataFrame(
    {
        "rating": ["5", "3.5", None, "4,5", "bad"],
        "plays": [1, 2, 3, 4, 5],
        "event": ["buy", "click", "it's", None, "buy"],
        "时长 分": [0.5, 1.5, 2.5, 3.5, None],
    }
)


def liked(text: str) -> list[bool]:
    columns = {name: TypedColumn(name, dtype) for name, dtype in FRAME.schema.items()}
    return FRAME.select(positive_expr(text, columns).alias("liked"))["liked"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rating >= 4", [1, 0, 0, 1, 0]),
        ("plays<3", [1, 1, 0, 0, 0]),
        ("plays > 1 and not (event = 'buy' or event == \"click\")", [0, 0, 1, 0, 0]),
        ("plays = 1 or plays = 2 and event = 'buy'", [1, 0, 0, 0, 0]),
        ("event in ('buy', 'click')", [1, 1, 0, 0, 1]),
        ("plays not in (1, 2)", [0, 0, 1, 1, 1]),
        ("event <> 'buy'", [0, 1, 1, 0, 0]),
        ('event = "it\'s"', [0, 0, 1, 0, 0]),
        ("`时长 分` >= 1.5", [0, 1, 1, 1, 0]),
        ("plays > -1e-3", [1, 1, 1, 1, 1]),
        ("NOT rating < 4", [1, 0, 0, 1, 0]),
        ("plays > '3'", [0, 0, 0, 1, 1]),
        ("plays in ('1.0', '-2', 5)", [1, 0, 0, 0, 1]),
    ],
)
def test_expressions_mean_what_they_say_and_unknown_is_not_liked(text, expected):
    assert liked(text) == [bool(value) for value in expected]


@pytest.mark.parametrize(
    "text",
    [
        *("", "rating", "rating >=", "rating >= 4 and", "(rating > 1", "rating >= 4)"),
        *("4 < rating", "rating; drop", "rating => 4", "event in buy", "event in ('a'"),
        *("rating not > 3", "plays >= 1 plays", "rating >= rating"),
        *("plays > 'a'", "plays in (1, 'many')", "`时长 分` = ''", "plays < '1 2'"),
        "plays = 'nan'",
    ],
)
def test_anything_else_is_refused_with_the_grammar(text):
    with pytest.raises(ConfigError, match="Write comparisons"):
        liked(text)


def test_columns_are_named_once_in_order():
    assert columns_of("b > 1 or `a c` = 2 and b < 'x'") == ["b", "a c"]


def levels(node: object) -> int:
    """Expressions inside one another, in the tree that polars writes."""
    if isinstance(node, dict):
        return 1 + max(map(levels, node.values()), default=0)
    return max(map(levels, node), default=0) if isinstance(node, list) else 0


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        (lambda terms: " or ".join(f"plays = {term}" for term in terms), [2, 3, 4, 5]),
        (lambda terms: " and ".join(f"plays <> {term}" for term in terms), [1]),
        (lambda terms: f"plays in ({', '.join(map(str, terms))})", [2, 3, 4, 5]),
    ],
    ids=["or", "and", "in"],
)
def test_a_thousand_terms_stand_side_by_side(join, expected):
    """Nested in pairs they took the square of their number in time and memory."""
    columns = {"plays": TypedColumn("plays", pl.Int64())}
    depths = []
    for last in (6, 1002):
        expression = positive_expr(join(range(2, last)), columns)
        depths.append(levels(json.loads(expression.meta.serialize(format="json"))))
    assert depths[0] == depths[1]
    assert FRAME["plays"].filter(liked(join(range(2, 1002)))).to_list() == expected


@pytest.mark.parametrize("text", ["(" * 900 + "plays = 1" + ")" * 900, "not " * 900 + "plays = 1"])
def test_an_expression_that_nests_too_deep_is_refused(text):
    with pytest.raises(ConfigError, match="more than 50 deep") as refused:
        liked(text)
    assert len(str(refused.value)) < 600
