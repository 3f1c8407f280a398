"""The example receiver takes what `fusion notify` signs, once, and nothing else."""

import importlib.util
import json
import time
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from flows.steps.notify.webhook import SIGNATURE, TIMESTAMP, Undelivered, Webhook, sign

FILE = Path(__file__).parents[2] / "examples" / "webhook_receiver.py"
SECRET = "a secret of webhooks"
BODY = {"key": "k1", "title": "a title", "text": "a text"}


@pytest.fixture
def receiving():
    """Address of the example, and what it took."""
    spec = importlib.util.spec_from_file_location("webhook_receiver", FILE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    taken = []
    with example.make_server(SECRET, 0, taken.append) as server:
        server.RequestHandlerClass.log_message = lambda *words: None
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", taken
        server.shutdown()
        thread.join()


def post(url: str, moment: str, secret: str = SECRET) -> int:
    content = json.dumps(BODY).encode()
    headers = {TIMESTAMP: moment, SIGNATURE: f"v1={sign(secret, moment, content)}"}
    try:
        with urlopen(Request(url, content, headers)) as answer:
            return answer.status
    except HTTPError as refused:
        refused.close()
        return refused.code


def test_a_signed_message_is_taken_once(receiving):
    url, taken = receiving
    for _ in range(2):
        Webhook(url, SECRET).send(BODY, 5)
    assert taken == [BODY]


def test_what_is_unsigned_forged_or_old_is_refused(receiving):
    url, taken = receiving
    with pytest.raises(Undelivered, match="401"):
        Webhook(url, None).send(BODY, 5)
    now = int(time.time())
    assert post(url, str(now), "another secret") == 401
    assert post(url, str(now - 600)) == 401
    assert taken == []
    assert post(url, str(now)) == 204
