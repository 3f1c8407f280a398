"""A Prefect server that wants a password."""

import base64
import shutil
import urllib.request

import pytest

from tests.flows.prefect_flows.prefect_server import Server
from tests.flows.world import fusion

pytestmark = pytest.mark.prefect

PASSWORD = "fusion:right"
UNKNOWN = "20200101-000000-abcdef"


@pytest.fixture(scope="module")
def locked(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("locked-prefect"))
    made.env["PREFECT_SERVER_API_AUTH_STRING"] = PASSWORD
    with made.serving():
        del made.env["PREFECT_SERVER_API_AUTH_STRING"]
        yield made


@pytest.fixture
def own(bare, tmp_path):
    """A shop of its own: what a verb makes there is in no other test's way."""
    return shutil.copytree(bare, tmp_path / "shop")


@pytest.mark.parametrize("verb", ["deploy", "schedule"])
@pytest.mark.parametrize("given", [{}, {"PREFECT_API_AUTH_STRING": "fusion:wrong"}])
def test_a_wrong_password_is_said_and_registers_nothing(own, locked, verb, given):
    """It ended with 3 and a traceback."""
    ended = fusion(own, verb, **locked.env, **given)
    assert ended.code == 2, ended.err
    assert "does not accept the credentials" in ended.err
    assert "PREFECT_API_AUTH_STRING" in ended.err
    assert "Traceback" not in ended.err
    assert _deployments(locked) == b"0"


def test_a_verb_goes_on_without_a_server_that_does_not_let_it_in(shop, locked):
    ended = fusion(shop, "publish", UNKNOWN, **locked.env)
    assert ended.code == 2, ended.err
    assert f"'{UNKNOWN}'. Known:" in ended.err
    assert "does not accept the credentials" in ended.err
    required = fusion(shop, "publish", UNKNOWN, **locked.env, FUSION_FLOWS__REQUIRE="true")
    assert required.code == 2, required.err
    assert "[flows] require = false" in required.err


def test_the_right_password_is_let_in(own, locked):
    ended = fusion(own, "deploy", **locked.env, PREFECT_API_AUTH_STRING=PASSWORD)
    assert ended.code == 0, ended.err
    assert _deployments(locked) == b"5"


def _deployments(server: Server) -> bytes:
    """How many deployments the server knows, asked with the right password."""
    word = base64.b64encode(PASSWORD.encode()).decode()
    request = urllib.request.Request(
        f"{server.api}/deployments/count",
        b"{}",
        {"content-type": "application/json", "authorization": f"Basic {word}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()
