"""No secret of a URL or connection string is left in a text, and nothing else is changed."""

import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fusion.errors import ConfigError, DataError, Refused, SourceFailed, stored_text
from fusion.masking import mask_all, mask_secrets

# Upper case and long: no part of a sentence around it is the secret by chance.
SECRETS = st.text(
    string.ascii_uppercase + string.digits + "!$*'()+,;:=@/?#[]%^~{}|\"\\-_.é",
    min_size=1,
    max_size=30,
).map(lambda text: f"Q{text}Z")
SCHEMES = st.sampled_from(
    [
        "postgresql",
        "postgresql+psycopg",
        "postgres",
        "mysql",
        "mssql+pyodbc",
        "HTTPS",
        "redis",
        "s3",
    ]
)
KEYS = st.sampled_from(
    ["password", "sslpassword", "passwd", "pwd", "PWD", "pass", "passphrase", "token",
     "access_token", "client_secret", "api_key", "apikey", "odbc_connect", "credentials"]
)  # fmt: skip
SENTENCES = st.sampled_from(
    ["{}", "cannot read {}", "'{}' does not exist", "/data/shop/{}: no such file", "see {} and x@y",
     "url={} rows=3", "first line\n{}\nlast line", '{{"url": "{}"}}']
)  # fmt: skip


@st.composite
def urls(draw) -> tuple[str, str]:
    """A URL with a secret somewhere, and the secret as it stands there."""
    scheme, secret = draw(SCHEMES), draw(SECRETS)
    written = draw(st.sampled_from([lambda text: quote(text, safe=""), quote_plus]))(secret)
    user = draw(st.sampled_from(["bob", "", "bob%40corp", "b.o-b"]))
    slashes = draw(st.sampled_from(["//", "/"]))
    port = draw(st.sampled_from(["", ":5432"]))
    if draw(st.booleans()):
        # Typed without encoding, but for what would end a word.
        written = draw(st.sampled_from([written, secret]))
        return f"{scheme}:{slashes}{user}:{written}@host{port}/shop", secret
    key = draw(KEYS)
    query = draw(st.sampled_from(["{}", "sslmode=require&{}", "{}&timeout=3"])).format(
        f"{key}={written}"
    )
    return f"{scheme}:{slashes}bob@host{port}/shop?{query}", secret


@given(urls(), SENTENCES, st.integers(0, 2))
@example(("postgresql:/bob:Q1/2Z@host/shop", "Q1/2Z"), "{}", 0)
def test_no_secret_of_a_url_is_left(made, sentence, encoded):
    url, secret = made
    for _ in range(encoded):
        url = quote(url, safe="")
    masked = mask_secrets(sentence.format(url))
    for form in (secret, quote(secret, safe=""), quote_plus(secret)):
        assert form not in masked
    assert "***" in masked
    assert mask_secrets(masked) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mysql://bob:hunter2@h/d is away", "mysql://bob:***@h/d is away"),
        ("postgresql://bob:a@b@h/d", "postgresql://bob:***@h/d"),
        ("postgresql://bob:my word@h/d", "postgresql://bob:***@h/d"),
        ("/shop/postgresql:/bob:hunter2@h/d", "/shop/postgresql:/bob:***@h/d"),
        ("host=h password='two words' user=bob", "host=h password=*** user=bob"),
        ("DRIVER={ODBC};UID=b;PWD={a;b c};Port=1", "DRIVER={ODBC};UID=b;PWD=***"),
        ("https://h/d?token=abc&page=2", "https://h/d?token=***&page=2"),
        ("mssql://h?odbc_connect=DSN%3Dx%3BPWD%3Dabc&a=1", "mssql://h?odbc_connect=***&a=1"),
        ("https://h/d?pass%77ord=abc", "https://h/d?password=***"),
    ],
)
def test_secrets_that_people_write(text, masked):
    assert mask_secrets(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://127.0.0.1:8000/reports, ann@example.com",
        "http://[::1]:8000/",
        "postgresql://bob@host:5432/shop",
        "sqlite:////data/fusion.db",
        "sqlite:///:memory: is none. Supported: postgresql://user@host",
        "2026-01-31T06:00:00 user='ann@example.com' rows=3",
        "i%20am an id, 50%ab",
        'positive = "weight >= 4" passes=3 keys=2 compass=1',
        "wrong password: check [storage] url",
    ],
)
def test_other_text_is_left_alone(text):
    assert mask_secrets(text) == text


@pytest.mark.parametrize("word", ["9", "a.", "token", "pass", "x:/", "1/", "://"])
def test_a_long_word_takes_no_longer_than_its_letters(word):
    # By a search that begins anew at each letter this takes hours, so that nobody waits for it.
    text = word * 100_000 if len(word) < 3 else word * 2_000
    assert mask_secrets(text) == text


def test_every_text_of_a_document_is_masked():
    url = "https://h/d?token=abc"
    content = {"a": [url, 1, None, {url: (url,)}]}
    hidden = "https://h/d?token=***"
    assert mask_all(content) == {"a": [hidden, 1, None, {hidden: [hidden]}]}


@pytest.mark.parametrize(
    "failure",
    [
        ConfigError("no mysql://bob:hunter2@h/d"),
        DataError("no mysql://bob:hunter2@h/d", [{"user": "ann"}]),
        Refused("held", ["mysql://bob:hunter2@h/d"]),
        SourceFailed("mine", "no mysql://bob:hunter2@h/d"),
        OSError("no mysql://bob:hunter2@h/d"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_failures_hold_no_secret(failure):
    texts = [stored_text(failure), *getattr(failure, "reasons", ())]
    if not isinstance(failure, OSError):
        texts += [str(failure), repr(failure)]
    assert "hunter2" not in " ".join(texts)
