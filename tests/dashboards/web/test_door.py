"""Who is let in, and whose forms are taken: the wrapper before an application that obeys."""

import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboards.pages.visitor import FORM, visitor_of
from dashboards.web.door import HOURS_12, Asks, Door
from dashboards.web.guard import Guard
from dashboards.web.login import LOGIN
from dashboards.web.tries import MOST, SECONDS, Tries

TOKEN = "a token of more than sixteen"
OWN = "http://127.0.0.1:8123"
DO = r"/do/(this|that)"
DONE = []


@pytest.fixture(autouse=True)
def nothing_done():
    DONE.clear()


def obey(request: Request) -> PlainTextResponse:
    """Show the proof and the name of who asks, or do as the form says."""
    visitor = visitor_of(request)
    if request.method == "POST":
        DONE.append((request.url.path, visitor and visitor.name, request.scope.get(FORM)))
    said = f"{visitor.name}|{visitor.proof}|{visitor.done}" if visitor else "nobody"
    return PlainTextResponse(said)


class Browser:
    """A browser before a guarded door, whose clocks a test may move."""

    def __init__(self, asks: Asks, door: Door | None = None) -> None:
        app = Starlette(routes=[Route("/{rest:path}", obey, methods=["GET", "POST"])])
        self.door = door or Door(app, asks, DO)
        writes = [*([DO] if asks.write else []), *([LOGIN] if self.door.has_login else [])]
        guard = Guard(self.door, "127.0.0.1", [r"/query"], names=["fusion.example"], writes=writes)
        self.client = TestClient(guard, OWN, follow_redirects=False)

    def get(self, path: str = "/", **headers: str):
        return self.client.get(path, headers=_named(headers))

    def post(self, path: str = "/do/this", origin: str = OWN, headers=None, **form: str):
        return self.client.post(path, data=form, headers={"origin": origin, **(headers or {})})

    def log_in(self, token: str = TOKEN, name: str = "ann", **form: str):
        return self.post(LOGIN, token=token, name=name, **form)

    def proof(self, **headers: str) -> str:
        return self.get(**headers).text.split("|")[1]


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def with_token(write: bool = True) -> Browser:
    return Browser(Asks(TOKEN, write=write))


def test_on_this_machine_nothing_is_asked_and_no_cookie_set():
    answer = Browser(Asks(user="ann")).get()
    assert (answer.status_code, answer.text, answer.cookies) == (200, "nobody", {})


def test_without_the_token_nothing_is_shown():
    browser = with_token()
    assert browser.get().status_code == 401
    assert browser.get("/query", authorization="Bearer wrong").status_code == 401
    assert browser.post("/query").status_code == 401
    assert browser.post().status_code == 401
    for path in ("/assets/other.css", "/assets/../at/default", "//assets/page.css", "/login/x"):
        assert browser.get(path).status_code == 401, path
    assert DONE == []


def test_a_browser_is_sent_to_log_in_and_back():
    browser = with_token()
    sent = browser.get("/at/a%20b/runs?x=%3C1", accept="text/html")
    assert sent.status_code == 303
    page = browser.get(sent.headers["location"], accept="text/html")
    assert page.status_code == 200
    assert 'name="next" value="/at/a%20b/runs?x=%3C1"' in page.text
    back = browser.log_in(next="/at/a%20b/runs?x=%3C1")
    assert (back.status_code, back.headers["location"]) == (303, "/at/a%20b/runs?x=%3C1")
    assert browser.get().text.startswith("ann|")


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "", "x",
     "/\t/evil.example", "/a\r\nset-cookie: x=1", "javascript:alert(1)", "/<script>é"],
)  # fmt: skip
def test_a_login_leads_to_no_other_place(elsewhere):
    assert with_token().log_in(next=elsewhere).headers["location"] == "/"


def test_the_cookie_is_no_token_and_scripts_and_other_sites_do_not_get_it():
    answer = with_token().log_in()
    cookie = answer.headers["set-cookie"]
    assert TOKEN not in cookie
    assert cookie.startswith("fusion_8123=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    behind = {"host": "fusion.example", "origin": "https://fusion.example"}
    assert "Secure" in with_token().post(LOGIN, headers=behind, token=TOKEN, name="ann").headers[
        "set-cookie"
    ].split("; ")


def test_a_wrong_token_and_no_name_are_refused():
    browser = with_token()
    for token in ("", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
        assert browser.log_in(token).status_code == 401
    for name in ("", "  ", "a\x1b[31m", "x" * 101, "a\nb"):
        assert browser.log_in(name=name).status_code == 400
    assert browser.client.cookies == {}
    assert browser.post(LOGIN, "https://evil.example", token=TOKEN, name="ann").status_code == 403


def test_a_cookie_that_is_changed_forged_or_over_is_worth_nothing():
    browser = with_token()
    browser.log_in()
    (good,) = browser.client.cookies.values()
    body, until, signature = good.split(".")
    other = Door(browser.door.app, Asks(TOKEN)).seal.sign("session", "key ann", HOURS_12)
    form = browser.door.seal.sign("form", "key ann", HOURS_12)
    forged = [
        "", ".", "..", "x.9999999999.x", other, form, f"{body}.{int(until) + 1}.{signature}",
        f"{body}x.{until}.{signature}", f"{body}.{until}.{signature[:-1]}", f"{body}.{until}.",
    ]  # fmt: skip
    for value in forged:
        browser.client.cookies.clear()
        browser.client.cookies.set("fusion_8123", value)
        assert browser.get().status_code == 401, value
    browser.client.cookies.clear()
    browser.client.cookies.set("fusion_8123", good)
    assert browser.get().status_code == 200
    browser.door.seal.clock = lambda: float(until)
    assert browser.get().status_code == 401


def test_whoever_guesses_waits_also_with_the_right_token():
    browser, now = with_token(), [0.0]
    browser.door.tries = Tries(lambda: now[0])
    for _ in range(MOST // 2):
        assert browser.log_in("wrong").status_code == 401
        assert browser.get(authorization="Bearer wrong").status_code == 401
    assert browser.log_in().status_code == 401
    assert browser.get(authorization=f"Bearer {TOKEN}").status_code == 401
    now[0] = SECONDS + 1.0
    assert browser.log_in().status_code == 303


def test_a_program_reads_with_the_token_and_writes_nothing():
    browser = with_token()
    authorization = f"Bearer {TOKEN}"
    assert browser.get(authorization=authorization).text == "nobody"
    for wrong in (TOKEN, f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN} x", "Bearer é"):
        assert browser.get(authorization=wrong.encode()).status_code == 401
    proof = Browser(Asks(), browser.door)
    proof.log_in()
    sent = browser.post(headers={"authorization": authorization}, proof=proof.proof())
    assert (sent.status_code, DONE) == (403, [])


def test_a_header_is_believed_only_where_it_is_configured():
    assert with_token().get(x_forwarded_user="ann").status_code == 401
    browser = Browser(Asks(header="x-forwarded-user", user="os", write=True))
    assert browser.get(x_forwarded_user="ann").text.startswith("ann|")
    for named in ({}, {"x-forwarded-user": ""}, {"x-other": "ann"}, {"X-Forwarded-User": "a\tb"}):
        assert browser.client.get("/", headers=named).status_code == 401
    twice = [("x-forwarded-user", "ann"), ("x-forwarded-user", "root")]
    assert browser.client.get("/", headers=twice).status_code == 401


def test_with_a_token_the_proxy_has_to_know_it_too():
    browser = Browser(Asks(TOKEN, "x-forwarded-user"))
    assert browser.get(x_forwarded_user="ann").status_code == 401
    assert browser.get(authorization=f"Bearer {TOKEN}").status_code == 401
    both = browser.get(x_forwarded_user="ann", authorization=f"Bearer {TOKEN}")
    assert both.status_code == 200
    assert browser.get(LOGIN).status_code == 401


@pytest.mark.parametrize(
    ("asks", "headers", "name"),
    [
        (Asks(user="ann", write=True), {}, "ann"),
        (Asks(header="x-user", write=True), {"x-user": "bob"}, "bob"),
    ],
)
def test_a_form_of_its_own_page_is_taken_in_the_name_of_the_person(asks, headers, name):
    browser = Browser(asks)
    proof = browser.proof(**headers)
    assert browser.post(headers=headers, proof=proof, why="a+b é").status_code == 200
    assert [("/do/this", name, {"proof": proof, "why": "a+b é"})] == DONE


def test_a_form_without_the_proof_of_its_session_does_nothing():
    browser = Browser(Asks(user="ann", write=True))
    mine = browser.proof()
    (cookie,) = browser.client.cookies.values()
    of_another = Browser(Asks(), browser.door).proof()
    body, until, signature = mine.split(".")
    forged = [
        "", of_another, cookie, "x", f"{body}.{until}.{signature[::-1]}", browser.door.seal.sign(
            "form", "other", HOURS_12
        ),
    ]  # fmt: skip
    for proof in forged:
        assert browser.post(proof=proof).status_code == 403, proof
    assert browser.post(why="x").status_code == 403
    assert DONE == []
    browser.client.cookies.clear()
    assert browser.post(proof=mine).status_code == 403
    browser.client.cookies.clear()
    again = browser.proof()
    browser.door.seal.clock = lambda: float(until) + HOURS_12
    assert (browser.post(proof=again).status_code, DONE) == (403, [])


def test_a_session_is_worth_nothing_to_somebody_else():
    browser = Browser(Asks(header="x-user", write=True))
    proof = browser.proof(x_user="ann")
    assert browser.post(headers={"x-user": "bob"}, proof=proof).status_code == 403
    assert DONE == []


def test_a_form_comes_from_a_page_of_this_origin():
    browser = Browser(Asks(user="ann", write=True))
    proof = browser.proof()
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9", "https://127.0.0.1:8123"):
        assert browser.post(origin=origin, proof=proof).status_code == 403
    form = {"proof": proof}
    assert browser.client.post("/do/this", data=form).status_code == 403
    for site in ("cross-site", "same-site", "none"):
        assert (
            browser.client.post("/do/this", data=form, headers={"sec-fetch-site": site}).status_code
            == 403
        )
    assert DONE == []
    own = {"sec-fetch-site": "same-origin"}
    assert browser.client.post("/do/this", data=form, headers=own).status_code == 200


def test_what_is_no_form_is_not_read():
    browser = Browser(Asks(user="ann", write=True))
    proof = browser.proof()
    headers = {"origin": OWN}
    for kind, body in (
        ("application/json", f'{{"proof": "{proof}"}}'),
        ("text/plain", f"proof={proof}"),
        ("application/x-www-form-urlencoded", f"proof={proof}&why=" + "x" * 30_000),
        ("application/x-www-form-urlencoded", f"proof={proof}&why=%ff"),
        ("application/x-www-form-urlencoded", f"proof={proof}" + "&a=b" * 30),
    ):
        sent = browser.client.post(
            "/do/this", content=body, headers={**headers, "content-type": kind}
        )
        assert sent.status_code == 400, kind
    assert DONE == []


@pytest.mark.parametrize("path", ["/", "/do", "/do/this/", "/do/other", "/do/this/x", "/x/do/this"])
def test_only_the_named_paths_take_forms(path):
    browser = Browser(Asks(user="ann", write=True))
    assert browser.post(path, proof=browser.proof()).status_code == 405
    assert DONE == []


def test_where_nobody_may_write_no_form_is_taken():
    browser = with_token(write=False)
    browser.log_in()
    assert browser.post().status_code == 405
    assert Browser(Asks(user="ann")).post().status_code == 405
    assert DONE == []


def test_what_was_done_is_said_in_its_own_session_alone():
    browser = Browser(Asks(user="ann", write=True))
    browser.get()
    (cookie,) = browser.client.cookies.values()
    key = browser.door.seal.read("session", cookie).split(" ")[0]
    done = browser.door.seal.sign(f"done {key}", "this", 300)
    assert browser.get(f"/?done={done}").text.endswith("|this")
    assert browser.get("/?done=this").text.endswith("|")
    other = Browser(Asks(), browser.door)
    other.get()
    assert re.search(r"\|$", other.get(f"/?done={done}").text)
