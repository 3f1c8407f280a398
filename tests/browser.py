"""Pages in a real browser: the system's Chromium, driven by Playwright, and a server beside it."""

import shutil
import socket
import threading
import time
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser():
    # The driver holds an event loop in this thread: no test of such a module runs another.
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser):
    """A page that fails its test when it logs an error or asks another machine."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    opened, wrong = context.new_page(), []
    opened.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request",
        lambda asked: "//127.0.0.1:" not in asked.url and wrong.append(f"asked {asked.url}"),
    )
    yield opened
    context.close()
    assert wrong == []


def barriers(page) -> list[str]:
    """What keeps people out of a page, by axe-core; serious and critical findings alone."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


@contextmanager
def served(app):
    """Serve an ASGI application on loopback; yields its address."""
    from uvicorn import Config, Server

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = Server(Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)
