"""The wrapper of every page that listens, before an application that would do anything."""

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.web.guard import Guard

PORT = 8123
OWN = f"http://127.0.0.1:{PORT}"
asked = []


async def obedient(scope, receive, send):
    """An application that does whatever it is asked, and says so."""
    asked.append((scope["method"], scope["path"]))
    headers = [(b"content-type", b"text/plain"), (b"X-Frame-Options", b"ALLOWALL")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"done"})


def ask(method: str, path: str = "/", host: str = f"127.0.0.1:{PORT}", **headers: str):
    """Ask the guarded application in this process."""
    guard = Guard(obedient, "127.0.0.1", [r"/query/[0-9]+"], ("/scripted/",))
    sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def _ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=guard)
        async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
            return await client.request(method, path, headers=sent)

    asked.clear()
    return asyncio.run(_ask())


@pytest.mark.parametrize(
    "host",
    # with the port, on port 80, through a tunnel that has another port, and by IPv6
    [f"127.0.0.1:{PORT}", f"LOCALHOST:{PORT}", "localhost", "localhost:9000", f"[::1]:{PORT}"],
)
def test_reading_is_let_through_by_every_name_of_the_machine(host):
    assert ask("GET", host=host).text == "done"
    assert ask("GET", host=host, origin=f"http://{host.lower()}").text == "done"
    assert ask("HEAD", host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "", f"127.0.0.1.evil:{PORT}", "localhost.evil",
     f"127.0.0.1:{PORT}@evil.example", f"0.0.0.0:{PORT}", "localhost:", "localhost:x", "[::2]"],
)  # fmt: skip
def test_other_names_are_refused(host):
    assert ask("GET", host=host).status_code == 403
    assert asked == []


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "", f"https://127.0.0.1:{PORT}", "http://127.0.0.1",
     "http://127.0.0.1:3000", f"http://localhost:{PORT}"],
)  # fmt: skip
def test_other_origins_are_refused_whatever_they_ask(origin):
    for method, path in (("GET", "/"), ("POST", "/query/1"), ("DELETE", "/")):
        assert ask(method, path, origin=origin).status_code == 403
    assert asked == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_of_another_site_may_be_followed_and_nothing_else_fetched(site):
    assert ask("GET", sec_fetch_site=site, sec_fetch_mode="navigate").status_code == 200
    for mode in ("no-cors", "cors", "websocket"):
        assert ask("GET", sec_fetch_site=site, sec_fetch_mode=mode).status_code == 403
    assert ask("POST", "/query/1", sec_fetch_site=site, sec_fetch_mode="cors").status_code == 403


@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MKCOL"]), st.text())
def test_nothing_but_reading_reaches_the_application(method, rest):
    path = "/" + "".join(letter for letter in rest if letter.isalnum())
    answer = ask(method, path)
    assert (answer.status_code, answer.headers["allow"], asked) == (405, "GET, HEAD", [])


def test_a_query_that_reads_may_be_asked_by_post_and_by_its_whole_path():
    assert ask("POST", "/query/12").text == "done"
    for path in ("/query/x", "/query/1/more", "/more/query/1", "/query/1%0a", "/QUERY/1"):
        assert ask("POST", path).status_code == 405
    assert ask("PUT", "/query/12").status_code == 405


def test_two_hosts_are_refused():
    guard, sent = Guard(obedient, "127.0.0.1"), []
    scope = {"type": "http", "method": "GET", "path": "/"}
    scope["headers"] = [(b"host", f"127.0.0.1:{PORT}".encode()), (b"host", b"evil.example")]

    async def send(message) -> None:
        sent.append(message)

    asyncio.run(guard(scope, None, send))
    assert sent[0]["status"] == 403


def test_a_socket_is_closed():
    guard, sent = Guard(obedient, "127.0.0.1"), []

    async def send(message) -> None:
        sent.append(message)

    asyncio.run(guard({"type": "websocket", "path": "/", "headers": []}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_every_answer_keeps_other_pages_out():
    for answer in (ask("GET"), ask("DELETE"), ask("GET", host="evil.example")):
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers


def test_only_pages_that_need_scripts_may_run_them():
    assert "unsafe-inline" in ask("GET", "/scripted/page").headers["content-security-policy"]
    for path in ("/", "/at/scripted/", "/scripted"):
        assert "unsafe" not in ask("GET", path).headers["content-security-policy"]
