"""The `[ui]` section: what it takes, and what it says where it does not."""

import pytest
from pydantic import ValidationError

from dashboards.ui_settings import UiSettings, is_loopback


@pytest.mark.parametrize(
    ("key", "wrong", "says", "cure"),
    [
        ("names", ("https://x.org",), "write one such as fusion.example.org", ("x.org",)),
        ("names", ("x.org:8000",), "without https:// and port", ("x.org", "[::2]", "host-1")),
        ("names", ("",), "no name of a machine", ()),
        ("trusted_header", "X User", "write one such as X-Forwarded-User", "X-Forwarded-User"),
        ("trusted_header", "X-User:", "no name of a header", ""),
        ("token", "short", "at least 16", "sixteen letters."),
        ("host", "", "at least 1", "::1"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(key, wrong, says, cure):
    with pytest.raises(ValidationError, match=says):
        UiSettings(**{key: wrong})
    UiSettings(**{key: cure})


def test_a_token_is_shown_nowhere():
    assert "sixteen" not in repr(UiSettings(token="sixteen letters."))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_a_machine_reaches_itself(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "localhost.evil", "::ffff:10.0.0.1"])
def test_other_addresses_are_open_to_others(host):
    assert not is_loopback(host)
