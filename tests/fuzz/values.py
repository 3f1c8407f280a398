"""Values that settings do not expect: of other types, too large, empty, nested, of any letters."""

import json
import math
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

INTEGERS = st.one_of(
    st.sampled_from([0, -1, 1, 2, 255, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63), 10**18]),
    st.sampled_from([10**400, -(10**400), int("9" * 4299)]),
    st.integers(),
)
FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 5e-324, 1e-9, 0.5, 1.0, 1e18, 1e300, 1e308, -1e308]),
    st.sampled_from([math.nan, math.inf, -math.inf]),
    st.floats(),
)
PATHS = [
    *("/proc/self/mem", "/proc/self/fd/0", "/proc/1/root", "/dev/null", "/dev/full", "/dev/zero"),
    *("/nonexistent/x", "../precious", "../precious/kept.txt", "..", ".", "/", "~", "~nobody/x"),
    *("runs", "fusion.db", "ratings.csv", "ratings.csv/x", "x/../../precious", "*", "**", "[", "?"),
    *("//x", "file:///x", "http://127.0.0.1:1/x.csv", "s3://x/y.csv", "x" * 300, "a/" * 2000),
    *("$HOME", "%s", "{0}", "C:\\x", "-", "--help"),
]
MARKS = [
    *("", " ", "\t", "\n", "\r\n", "\0", "a\0b", "\x1b[31mx", "\x1b]0;x\x07", "\x7f", "\x85"),
    *("\u2028", "\u202e", "\ufeff", "\ufffe", "é", "e\u0301", "名前", "🎬", "\U0010ffff"),
    *("'", '"', "\\", "`", ";", "--", "/*", "' or 1=1 --", "[red]x[/]", "[/]", ":x:", "%(x)s"),
    *("nan", "inf", "-inf", "null", "None", "true", "1", "-1", "1e999", "0x10", "1_000", "٣", "½"),
    *("2024-01-01", "9999-12-31T23:59:59+14:00", "0000-00-00", "24h", "x" * 5000, "9" * 5000),
    *("default", "all", "active:9d", "active:99999999999999999999d", "live", "challenger", "auto"),
]
TEXTS = st.one_of(
    st.sampled_from(PATHS),
    st.sampled_from(MARKS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
MOMENTS = st.sampled_from(
    [
        *(date(2024, 2, 29), time(12, 0), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)),
        datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59))),
    ]
)
PLAIN = st.one_of(INTEGERS, FLOATS, TEXTS, st.booleans(), MOMENTS)
KEYS = st.one_of(
    st.sampled_from(["x", "name", "url", "query", "id", "item", "", "é", "a.b", "__class__"]),
    st.sampled_from(MARKS),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
"""Anything that TOML can say."""


def toml_value(value: Any) -> str:
    """Write a value as TOML, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON's escapes are TOML's too, but for a character that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        pairs = (f"{toml_value(key)} = {toml_value(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, (date, time)):
        return value.isoformat()
    return repr(value)


def toml_text(content: dict[str, Any]) -> str:
    """Write a table as a TOML file, a section for each table in it."""
    tables = {key: value for key, value in content.items() if isinstance(value, dict)}
    lines = _lines({key: value for key, value in content.items() if key not in tables})
    for key, table in tables.items():
        lines += ["", f"[{toml_value(key)}]", *_lines(table)]
    return "\n".join(lines)


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{toml_value(key)} = {toml_value(value)}" for key, value in table.items()]
