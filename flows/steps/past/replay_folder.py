"""The folder of a replay: its database, its runs, and what it has done so far."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL

from dashboards.settings import MonitorSettings
from flows.retention_settings import RetentionSettings
from flows.session import Session
from flows.steps.past.policies import ReplayedPolicy
from fusion.core.durable import replaced_by
from fusion.core.locks.folder_lock import locked
from fusion.errors import ConfigError
from storage.database.settings import StorageSettings

ORDER = "replay.json"
"""The file that says which replay the folder holds."""
TURNS = "turns.jsonl"
"""The file with a line for each turn that is done."""
DATABASE = "replay.db"


@dataclass(frozen=True)
class Turn:
    """A policy at a date, and how what it served then did until the next one.

    Attributes:
        policy: its name.
        at: aware time of the date.
        due: whether it trained.
        trigger: the rule that decided.
        reason: a sentence for a person.
        run_id: the run that it trained; None where it trained none.
        status: of that run: ready, rejected, refused where publishing refused it, or failed.
        served: the run whose lists were shown from then on; None where none were.
        served_as_of: aware time until which that run knew the data.
        users: users with a history and a label in the window that follows.
        ndcg: mean NDCG@10 of what they were shown; None without lists or users.
    """

    policy: str
    at: datetime
    due: bool
    trigger: str
    reason: str
    run_id: str | None = None
    status: str | None = None
    served: str | None = None
    served_as_of: datetime | None = None
    users: int = 0
    ndcg: float | None = None

    @classmethod
    def read(cls, line: str) -> Self:
        """Read what `as_line` wrote.

        Args:
            line: of the file.
        """
        stored: dict[str, Any] = json.loads(line)
        for name in ("at", "served_as_of"):
            stored[name] = datetime.fromisoformat(stored[name]) if stored[name] else None
        return cls(**stored)

    def as_line(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self), default=datetime.isoformat) + "\n"


@dataclass(frozen=True)
class ReplayFolder:
    """A folder that a replay works in.

    Attributes:
        path: absolute.
    """

    path: Path

    def session_of(self, project: Session, policy: ReplayedPolicy) -> Session:
        """Return a session in which a policy decides, with a placement and slots of its own.

        It reads the project's data and copies stages of its store; all that it writes stands here.

        Args:
            project: the configuration whose past is replayed.
            policy: which decides.
        """
        config = project.config
        url = URL.create("sqlite", database=str(self.path / DATABASE))
        own = {
            "storage": StorageSettings(url=url.render_as_string()),
            "artifacts": config.artifacts.model_copy(
                update={"path": str(self.path / "runs"), "store": None}
            ),
            "lists": config.lists.model_copy(update={"placement": policy.name}),
            # Nobody is there to approve; whoever would have is taken to have agreed.
            "gate": config.gate.model_copy(update={"approve": False}),
            "monitor": MonitorSettings(),
            "retention": RetentionSettings(prune=False),
            "retrain": policy.settings,
        }
        return replace(
            project,
            config=config.model_copy(update=own),
            by="replay",
            read_only=False,
            shared_store=project.runs / "store",
        )

    def turns(self) -> list[Turn]:
        """Return the turns that are done, in their order."""
        file = self.path / TURNS
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return list(map(Turn.read, lines))

    def add(self, turn: Turn) -> None:
        """Write down that a turn is done, through to the disk.

        Args:
            turn: that was taken.
        """
        with (self.path / TURNS).open("a", encoding="utf-8") as file:
            file.write(turn.as_line())
            file.flush()
            os.fsync(file.fileno())

    def drop_torn_line(self) -> None:
        """Take away the line that a replay wrote as it was killed: that turn is not done."""
        file = self.path / TURNS
        if file.exists():
            content = file.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(file, whole)


@contextmanager
def opened(path: Path, order: dict[str, Any]) -> Iterator[ReplayFolder]:
    """Open the folder of a replay, new or left by one that was stopped, while the block runs.

    Args:
        path: of the folder; made where it is not there.
        order: what is replayed, as JSON: another one cannot go on here.

    Yields:
        The folder, which no other replay uses meanwhile.

    Raises:
        ConfigError: the folder holds something else.
        FolderInUse: another replay works in it.
    """
    folder = path.resolve()
    # Before it is locked: it may be a folder that trainings wait for.
    _require_own(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, "a replay"):
        _require_same_order(folder, order)
        opened_folder = ReplayFolder(folder)
        opened_folder.drop_torn_line()
        yield opened_folder


def _require_own(folder: Path) -> None:
    """Refuse a folder that holds files of anything but a replay."""
    if not folder.exists() or (folder / ORDER).exists():
        return
    others = [name for name in os.listdir(folder) if not name.startswith(".")]
    if others:
        raise ConfigError(
            f"--keep {folder} holds files that are no replay's, such as {min(others)}; name an "
            "empty folder, or one that is not there yet"
        )


def _require_same_order(folder: Path, order: dict[str, Any]) -> None:
    """Refuse a folder that holds another replay; write down which one it is to hold."""
    file = folder / ORDER
    if not file.exists():
        draft = folder / f".{ORDER}"
        with replaced_by(draft, file):
            draft.write_text(json.dumps(order, indent=1, sort_keys=True), encoding="utf-8")
        return
    stored = json.loads(file.read_text(encoding="utf-8"))
    changed = sorted(name for name in order if stored.get(name) != order[name])
    if changed:
        raise ConfigError(
            f"--keep {folder} holds a replay of another {', '.join(changed)}; name another folder, "
            "or remove this one"
        )
