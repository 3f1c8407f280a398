"""A Prefect server that is configured and does not answer takes no verb away."""

import socket

import pytest

from flows.prefect_flows.api import is_reachable
from tests.flows.world import fusion

UNKNOWN = "20200101-000000-abcdef"


@pytest.fixture
def away():
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return f"http://127.0.0.1:{port}/api"


def test_a_verb_goes_on_without_the_server_and_says_so(shop, away):
    """It ended with 3 and a traceback."""
    ended = fusion(shop, "publish", UNKNOWN, PREFECT_API_URL=away)
    assert ended.code == 2, ended.err
    # Between the two may stand a run whose id happens to be near.
    assert f"'{UNKNOWN}'. " in ended.err
    assert "Known:" in ended.err
    assert f"{away} does not answer" in ended.err
    assert "Traceback" not in ended.err


def test_a_server_that_is_required_is_waited_for(bare, away):
    wants = {"PREFECT_API_URL": away, "FUSION_FLOWS__REQUIRE": "true"}
    ended = fusion(bare, "publish", UNKNOWN, **wants)
    assert ended.code == 75, ended.err
    assert "start it and try again" in ended.err


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://127.0.0.1:1/x", "http://[::1"])
def test_an_address_that_is_none_is_not_reachable(url):
    assert not is_reachable(url)
