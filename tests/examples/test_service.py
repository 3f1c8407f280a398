"""The service answers from a real database over real HTTP."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from sqlalchemy import Engine

from storage import open_reader
from storage.slots.publish import publish
from tests.storage.making import make_run

FILE = Path(__file__).parents[2] / "examples" / "service.py"


@pytest.fixture
def address(engine: Engine, url: str) -> Iterator[str]:
    publish(engine, "default", make_run(engine, "a"), by="ann", reason="first")
    spec = importlib.util.spec_from_file_location("service", FILE)
    service = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(service)
    reader = open_reader(url)
    with service.make_server(reader, 0) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    reader.dispose()


def get(url: str) -> dict[str, object]:
    with urlopen(url) as response:
        return json.load(response)


def test_a_known_user_gets_their_list(address: str) -> None:
    shown = get(f"{address}/recommendations?placement=default&user=u1")
    assert shown["served_by"] == "list"
    assert [item["item_id"] for item in shown["items"]] == ["a-1", "a-2", "a-3", "a-4"]


def test_a_stranger_gets_what_everyone_gets(address: str) -> None:
    shown = get(f"{address}/recommendations?user=nobody&segment=gender%3DF")
    assert shown["served_by"] == "all"
    assert len(shown["items"]) == 4


@pytest.mark.parametrize(
    ("path", "status"), [("/recommendations", 400), ("/elsewhere?user=u1", 404)]
)
def test_what_cannot_be_answered_is_said(address: str, path: str, status: int) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(address + path)
    assert refused.value.code == status
    refused.value.close()
