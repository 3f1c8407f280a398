"""A placement with an empty database, and a receiver of what is told of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.session import Session
from tests.flows.steps.notify.receiver import Received, receiving
from tests.storage.making import end_lives

SECRET = "a secret of webhooks"
Open = Callable[..., Session]


@pytest.fixture
def receiver() -> Iterator[Received]:
    with receiving() as received:
        yield received


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/fusion.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def placement(tmp_path: Path, receiver: Received, url: str) -> Iterator[Open]:
    """Write a configuration that tells the receiver, and open it with a database."""
    opened = []

    def _open(more: str = "", urls: str = "", begin: str = "") -> Session:
        (tmp_path / "fusion.toml").write_text(
            f'[data]\ninteractions = "none.csv"\n[storage]\nurl = "{url}"\n{begin}'
            f'[notify]\nurls = [{urls or repr(receiver.url)}]\nsecret = "{SECRET}"\n{more}\n'
        )
        session = Session.open(tmp_path / "fusion.toml", attended=False)
        session.make_database()
        opened.append(session)
        return session

    yield _open
    for session in opened:
        end_lives(session.engine)
        session.engine.dispose()
