"""`fusion ui` as a process: who gets in on which address, what is written, what is not served."""

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from html import unescape
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from tests.flows.world import command, environment, fusion

TOKEN = "a token of more than sixteen"
FORM = {"content-type": "application/x-www-form-urlencoded"}
HIDDEN = re.compile(r'name="proof" value="([^"]+)"')


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def dashboards(folder, *words: str, **more: str):
    """Serve the dashboards of a folder; yields a function that asks them."""
    port = free_port()
    serving = subprocess.Popen(
        command("ui", "--port", str(port), *words),
        cwd=folder,
        env=environment(**more),
        stderr=subprocess.DEVNULL,
    )

    def ask(method: str, path: str, body: str | None = None, **headers: str):
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request(method, path, body, {**(FORM if body else {}), **headers})
            answer = connection.getresponse()
            return answer, answer.read().decode()

    try:
        for _ in range(240):
            try:
                ask("GET", "/")
                break
            except OSError:
                assert serving.poll() is None
                time.sleep(0.25)
        ask.origin = f"http://127.0.0.1:{port}"
        yield ask
    finally:
        os.kill(serving.pid, signal.SIGTERM)
        serving.wait(60)


def test_by_default_it_is_for_this_machine_and_only_reads(own_shop):
    with dashboards(own_shop) as ask:
        answer, page = ask("GET", "/at/default/")
        assert (answer.status, '<form method="post"' in page) == (200, False)
        assert answer.getheader("set-cookie") is None
        assert answer.getheader("server") is None
        assert ask("GET", "/at/default/", Host="evil.example")[0].status == 403
        assert ask("GET", "/at/default/", Origin="https://evil.example")[0].status == 403
        for path in ("/at/default/do/rollback", "/login", "/at/default/", "/api/projects"):
            assert ask("POST", path, "reason=x", Origin=ask.origin)[0].status == 405, path


@pytest.mark.faults
def test_evidently_describes_no_interface(own_shop):
    with dashboards(own_shop) as ask:
        assert ask("GET", "/api/projects")[0].status == 200
        for path in ("/schema", "/schema/openapi.json", "/api/schema", "/schema/swagger"):
            assert ask("GET", path)[0].status == 404, path
        for path in ("/assets/../about", "/assets/..%2f..%2fsettings.py", "/assets/%2e%2e/frame.py",
                     "/assets//etc/passwd", "/at/..%2f..%2fetc/passwd", "/at/default/../../etc",
                     "/static/..%2f..%2fapp.py", "/static/../../../../etc/passwd"):  # fmt: skip
            answer, page = ask("GET", path)
            assert "root:" not in page
            assert "import" not in page or "text/html" in answer.getheader("content-type"), path
            assert answer.status in {404, 405, 400}, path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_on_an_open_address_it_asks_who_somebody_is_or_does_not_start(bare, host):
    ended = fusion(bare, "ui", "--host", host)
    assert (ended.code, "set FUSION_UI__TOKEN" in " ".join(ended.err.split())) == (2, True)
    assert "Traceback" not in ended.err
    short = fusion(bare, "ui", "--host", host, FUSION_UI__TOKEN="short")
    assert short.code == 2
    assert "short" not in short.err.replace("should have at least", "").replace("too short", "")


def test_with_a_token_a_person_logs_in_and_rolls_back_in_their_name(own_shop):
    options = {"FUSION_UI__TOKEN": TOKEN, "FUSION_UI__WRITE": "true"}
    with dashboards(own_shop, "--host", "0.0.0.0", **options) as ask:
        assert ask("GET", "/at/default/")[0].status == 401
        assert ask("GET", "/api/projects")[0].status == 401
        assert ask("GET", "/at/default/", Authorization=f"Bearer {TOKEN}")[0].status == 200
        login = urlencode({"token": TOKEN, "name": "dora", "next": "/at/default/"})
        entered, _ = ask("POST", "/login", login, Origin=ask.origin)
        assert (entered.status, entered.getheader("location")) == (303, "/at/default/")
        cookie = entered.getheader("set-cookie").split(";")[0]
        _, page = ask("GET", "/at/default/", Cookie=cookie)
        proof = unescape(HIDDEN.search(page)[1])
        (run,) = set(re.findall(r'name="run" value="([^"]+)"', page))
        good = {"proof": proof, "run": run, "reason": "odd lists"}
        path, origin = "/at/default/do/rollback", ask.origin
        for form, headers in (
            (good, {"Origin": origin}),
            (good, {"Cookie": cookie}),
            (good, {"Cookie": cookie, "Origin": "https://evil.example"}),
            (good, {"Cookie": cookie + "x", "Origin": origin}),
            (good | {"proof": proof + "x"}, {"Cookie": cookie, "Origin": origin}),
            (good | {"proof": ""}, {"Cookie": cookie, "Origin": origin}),
        ):
            status = ask("POST", path, urlencode(form), **headers)[0].status
            assert status in {401, 403}, (form, headers)
        assert '"rollback"' not in fusion(own_shop, "status", "--json").out
        done, _ = ask("POST", path, urlencode(good), Cookie=cookie, Origin=origin)
        assert done.status == 303
        assert (
            "Written in the name of dora"
            in ask("GET", done.getheader("location"), Cookie=cookie)[1]
        )
    live = fusion(own_shop, "status", "--json").json["live"]
    assert live["run_id"] != run
    assert (live["by"], live["reason"]) == ("dora", "odd lists")
