"""Expressions of what counts as liked, and URLs of databases."""

from urllib.parse import quote

from hypothesis import strategies as st

from tests.flows.world import CONFIG as SHOP
from tests.fuzz.case import CONFIG, Case
from tests.fuzz.configurations import READING
from tests.fuzz.values import MARKS, TEXTS, toml_value

COLUMNS = st.sampled_from(
    [*["rating"] * 6, "timestamp", "userId", "movieId", "weight", "time", "`a b`", "é", "_"]
)
LITERALS = st.one_of(
    st.sampled_from(
        [*["4"] * 5, "-5", "1e999", ".5", "5.", "1_000", "0x10", "9" * 400, "nan", "null"]
    ),
    st.sampled_from(["'x'", "''", "'it''s'", "'", '"x"', "'4'", "'é'", "'\\''", "true", "4rating"]),
)
COMPARISONS = st.builds(
    " ".join,
    st.tuples(
        COLUMNS, st.sampled_from(["=", "==", ">=", "<>", "!=", "=>", "<", "~", "is"]), LITERALS
    ),
)
AMONG = st.builds(
    lambda column, literals: f"{column} in ({', '.join(literals)})",
    COLUMNS,
    st.lists(LITERALS, max_size=4),
)
EXPRESSIONS = st.recursive(
    st.one_of(COMPARISONS, AMONG),
    lambda inner: st.one_of(
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
    ),
    max_leaves=8,
)


@st.composite
def expressions(draw: st.DrawFn) -> Case:
    """Draw a check of what counts as liked."""
    text = draw(st.one_of(EXPRESSIONS, TEXTS))
    change = draw(st.integers(0, 6))
    times = draw(st.sampled_from([2, 60, 1000]))
    if change == 0:
        text = draw(st.sampled_from([" and ", " or ", " "])).join([text] * times)
    if change == 1:
        text = draw(st.sampled_from(["not ", "(", "not ("])) * times + text
    if change == 2:
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(MARKS)) + text[place:]
    line = f"positive = {toml_value(text)}\n\n[data.columns]"
    words = draw(st.sampled_from([("check",), ("check", "--json")]))
    config = SHOP.replace("[data.columns]", line)
    return Case((*words, "--config", CONFIG), (), config)


DRIVERS = [
    *("sqlite", "sqlite", "sqlite", "sqlite+pysqlite", "sqlite+aiosqlite", "mysql", "oracle"),
    *("postgresql+psycopg", "postgresql+psycopg", "postgresql", "postgres", "postgresql+asyncpg"),
    *("mssql+pyodbc", "x", "", "é"),
]
FILES = ["fusion.db", "other.db", ":memory:", "", "ratings.csv", "runs", "file:x"]
PORTS = ["1", "x", "99999", ""]
PARAMETERS = [
    *("timeout", "uri", "mode", "isolation_level", "check_same_thread", "detect_types", "nolock"),
    *("cached_statements", "options", "sslmode", "connect_timeout", "host", "port", "factory"),
    *("client_encoding", "sslcert", "target_session_attrs", "application_name", "hostaddr", "x"),
]
QUERIES = ["select 1", "select * from run", "", "drop table run", "select", "attach 'x' as y"]
SCHEMAS = ["", "", "", "shop", "select", "pg_catalog", "public", "X", "a\0b"]


@st.composite
def _urls(draw: st.DrawFn) -> str:
    driver = draw(st.sampled_from(DRIVERS))
    word = st.one_of(st.just("x"), TEXTS, TEXTS.map(quote))
    if driver.startswith("sqlite"):
        address = "/" + draw(st.one_of(st.sampled_from(FILES), word))
    else:
        # Nobody listens there.
        server = f"127.0.0.1:{draw(st.sampled_from(PORTS))}"
        address = f"{draw(word)}:{draw(word)}@{server}/{draw(word)}"
    pairs = draw(st.lists(st.tuples(st.sampled_from(PARAMETERS), word), max_size=3))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    slashes = draw(st.sampled_from(["//", "//", "//", "/", ""]))
    return f"{driver}:{slashes}{address}{'?' if pairs else ''}{query}"


@st.composite
def database_urls(draw: st.DrawFn) -> Case:
    """Draw a command with the URL of a database, ours or that of the data."""
    url = toml_value(draw(_urls()))
    if draw(st.integers(0, 3)) == 0:
        query = toml_value(draw(st.one_of(st.sampled_from(QUERIES), TEXTS)))
        config = SHOP.replace('"ratings.csv"', f"{{ url = {url}, query = {query} }}")
        return Case(("check", "--config", CONFIG), (), config)
    schema = draw(st.sampled_from(SCHEMAS))
    line = f"schema = {toml_value(schema)}\n" if schema else ""
    config = f"{SHOP}\n[storage]\nurl = {url}\n{line}"
    return Case((*draw(st.sampled_from(READING)), "--config", CONFIG), (), config)
