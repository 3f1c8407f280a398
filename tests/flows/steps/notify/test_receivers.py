"""Receivers as the configuration names them, and `fusion notify` that tries them."""

import socket
import subprocess
import sys
from email import message_from_bytes
from email.policy import default as modern

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from flows.notify_settings import NotifySettings
from flows.steps.notify.receivers import receivers
from fusion.errors import ConfigError, MissingExtra
from storage.watches.alerts import raise_alert
from tests.flows.calling import call, call_main
from tests.flows.steps.notify.test_telling import STALE, tell
from tests.flows.world import environment

GARBAGE = "slak://xoxb-T0K3N-4711/hunter2secret"
CONFIG = '[data]\ninteractions = "none.csv"\n'


class Mailbox:
    """Keeps what a mail server takes."""

    def __init__(self) -> None:
        self.mails = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=modern))
        return "250 taken"


@pytest.fixture
def mail():
    """A mail server on loopback: its port, and what it took."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield port, box.mails
    controller.stop()


def said(caplog) -> str:
    """What a log gets: records of Apprise go no further than to us, but pytest sees them."""
    return "\n".join(one.getMessage() for one in caplog.records if one.name != "apprise")


def made(*urls: str):
    return receivers(NotifySettings(urls=tuple(map(SecretStr, urls))))


def test_a_mail_is_sent_as_plain_text_that_anybody_can_read(placement, mail):
    port, mails = mail
    to = f"mailto://127.0.0.1:{port}?from=fusion@shop.test&to=ann@shop.test"
    session = placement(urls=repr(to))
    raise_alert(session.engine, "default", STALE)
    tell(session)
    tell(session)
    (one,) = mails
    assert (one["Subject"], one["To"]) == ("fusion default: alert, stale", "ann@shop.test")
    text = one.get_body(("plain", "html")).get_content()
    assert "rows_of_day of interactions: 0; usual is 40 to 80" in text
    assert "fusion alerts ack 1 --why TEXT" in text


def test_a_mail_server_that_is_away_says_so_and_shows_no_password(placement, caplog):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    to = f"mailto://ann:hunter2secret@127.0.0.1:{port}?from=ann@shop.test&to=bea@shop.test"
    session = placement(urls=repr(to))
    raise_alert(session.engine, "default", STALE)
    tell(session)
    assert "not told receiver=mailto 1, sent again later" in said(caplog)
    assert "hunter2secret" not in said(caplog)


def test_the_mark_of_a_receiver_knows_no_password():
    first, second, other = (
        one.mark
        for one in made(
            "https://ann:one@host/hook", "https://ann:two@host/hook", "https://ann:one@host/other"
        )
    )
    assert first == second != other


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (GARBAGE, "number 1 of [notify] urls, slak://***, is no address that Apprise knows"),
        ("https:///hunter2secret", "number 1 of [notify] urls is no address of a webhook"),
        ("https://host:hunter2secret/x", "number 1 of [notify] urls is no address of a webhook"),
    ],
)
def test_a_url_that_is_none_is_refused_without_showing_it(tmp_path, url, sentence):
    (tmp_path / "fusion.toml").write_text(CONFIG)
    with pytest.raises(ConfigError) as refused:
        made(url)
    assert sentence in str(refused.value)
    for words in (("check", "--json"), ("notify", "--test"), ("notify",)):
        ended = call_main(tmp_path, *words, FUSION_NOTIFY__URLS=url)
        assert ended.code == 2
        shown = ended.out + ended.err
        assert "hunter2secret" not in shown
        assert "T0K3N" not in shown
    assert "wrong_receiver" in call_main(tmp_path, "check", FUSION_NOTIFY__URLS=url).out


@pytest.mark.parametrize("text", ["hunter2secret", '["hunter2secret"]', "[hunter2secret", "[1]"])
def test_what_is_no_url_at_all_is_refused_by_every_verb(tmp_path, text):
    (tmp_path / "fusion.toml").write_text(CONFIG)
    ended = call_main(tmp_path, "status", FUSION_NOTIFY__URLS=text)
    assert ended.code == 2
    assert "notify" in ended.err
    assert "hunter2secret" not in ended.err


def test_urls_of_the_environment_stand_apart_by_spaces_or_as_json(tmp_path, monkeypatch):
    from flows.settings import read_config

    (tmp_path / "fusion.toml").write_text(CONFIG)
    for text in ("https://one/a https://two/b", '["https://one/a", "https://two/b"]'):
        monkeypatch.setenv("FUSION_NOTIFY__URLS", text)
        config = read_config(tmp_path / "fusion.toml")
        urls = [url.get_secret_value() for url in config.notify.urls]
        assert urls == ["https://one/a", "https://two/b"]
        assert "//one" not in repr(config.notify)


def test_a_url_that_is_none_keeps_nobody_else_from_being_told(placement, receiver, caplog):
    session = placement(urls=f"'{GARBAGE}', '{receiver.url}'")
    raise_alert(session.engine, "default", STALE)
    tell(session)
    assert receiver.events == ["raised"]
    logged = said(caplog)
    assert "number 1 of [notify] urls" in logged
    assert "hunter2secret" not in logged


def test_apprise_is_asked_for_where_it_is_missing(monkeypatch):
    monkeypatch.setattr("fusion.core.extras.find_spec", lambda name: None)
    assert made("https://host/hook")
    with pytest.raises(MissingExtra, match=r"pip install 'fusion-recommender\[notify\]'"):
        made("mailto://ann:secret@host")


def test_a_trial_says_what_happened_at_each_receiver(tmp_path, receiver, mail):
    port, mails = mail
    (tmp_path / "fusion.toml").write_text(CONFIG)
    to = f"mailto://127.0.0.1:{port}?from=fusion@shop.test&to=ann@shop.test"
    urls = f"{receiver.url} {to}"
    ended = call(tmp_path, "notify", "--test", FUSION_NOTIFY__URLS=urls)
    assert ended.code == 0, ended.message
    assert ended.out.splitlines() == [
        "webhook 1 (http://127.0.0.1): 1 sent",
        "mailto 2: 1 sent",
    ]
    assert receiver.events == ["test"]
    assert "X-Fusion-Signature" not in receiver.headers[0]
    assert mails[0]["Subject"] == "fusion default: test"
    receiver.status = 401
    ended = call(tmp_path, "notify", "--test", "--json", FUSION_NOTIFY__URLS=receiver.url)
    assert ended.code == 75
    assert ended.json["receivers"] == [
        {
            "receiver": "webhook 1 (http://127.0.0.1)",
            "sent": 0,
            "waiting": 0,
            "given_up": 0,
            "error": "it answered 401 Unauthorized",
        }
    ]


def test_a_trial_of_a_slow_receiver_ends_in_time(tmp_path, receiver):
    (tmp_path / "fusion.toml").write_text(CONFIG + "[notify]\nseconds = 0.2\n")
    receiver.delay = 2
    ended = call(tmp_path, "notify", "--test", FUSION_NOTIFY__URLS=receiver.url)
    assert ended.code == 75
    assert "0 sent: " in ended.out


def test_nobody_to_be_told_is_said(tmp_path):
    (tmp_path / "fusion.toml").write_text(CONFIG)
    ended = call(tmp_path, "notify", "--test")
    assert (ended.code, "FUSION_NOTIFY__URLS" in ended.message) == (2, True)


def test_apprise_writes_nothing_to_the_log_by_itself(tmp_path):
    """In a process, as pytest listens to loggers that pass nothing on."""
    code = (
        "import logging; logging.basicConfig(level=0)\n"
        "from flows.steps.notify.receivers import usable_receivers\n"
        "from flows.notify_settings import NotifySettings\n"
        f"assert usable_receivers(NotifySettings(urls={GARBAGE!r})) == []\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert "number 1 of [notify] urls, slak://***" in done.stderr
    assert "hunter2secret" not in done.stderr
