"""What a training sends to workers that do not see its folder, and gets back, by a shared store."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from fusion.errors import StoreLost, StoreRefused
from fusion.runs.stages.record import RECORD
from fusion.runs.stages.remote import Remote
from fusion.training.elsewhere.far_worker import answer_far, texts_below, unit_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Courier:
    """Takes tasks to workers that see nothing but the shared store, and brings what they made.

    Stages are there already: the store shares each as it is made or used. What was handed over is
    taken there once, and removed when the training ends.

    Attributes:
        remote: the shared store.
        root: of this machine's store, absolute.
        training: a name that no other training has.
    """

    remote: Remote
    root: Path
    training: str
    _sent: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def send(self, question: Mapping[str, Any]) -> str:
        """Take what a question names to where a worker finds it.

        Args:
            question: of a `DaskExecutor`.

        Returns:
            What `answer` takes.
        """
        for text in texts_below(question["arguments"], str(self.root)):
            unit = unit_of(Path(text).relative_to(self.root))
            if unit.is_handed:
                self._send(unit.name, self.root / unit.source)
        far = {"url": self.remote.url, "root": str(self.root), "training": self.training}
        return json.dumps({**question, "far": far})

    @staticmethod
    def answer(question: str) -> str:
        """Answer on the worker.

        Args:
            question: of `send`.
        """
        return answer_far(question)

    def receive(self, answer: Mapping[str, Any], folder: Path) -> None:
        """Copy what a worker made to where it would have made it, had it seen the folder.

        Args:
            answer: of the worker.
            folder: of the task.

        Raises:
            StoreLost: the shared store failed the worker, or what it made did not come whole.
        """
        if "lost" in answer:
            raise StoreLost(answer["lost"])
        if "made" not in answer:
            return
        attempt = folder / answer["attempt"]
        if not self.remote.fetch(answer["made"], attempt):
            raise StoreLost(
                f"what a worker made did not come whole by {self.remote.url}; what is made so far "
                "is kept: run the same command again"
            )
        (attempt / RECORD).unlink()
        self.remote.drop(answer["made"])

    def close(self) -> None:
        """Remove what was handed over; where that fails, pruning does it in time."""
        try:
            for name in sorted(self._sent):
                self.remote.drop(name)
        except (StoreLost, StoreRefused) as failure:
            log.warning("handed data stays at the shared store: %s", failure)

    def _send(self, name: str, place: Path) -> None:
        # One after the other: parts that ask for the same data do not send it twice.
        with self._lock:
            if name in self._sent:
                return
            self._sent.add(name)
            files = {place.name: place} if place.is_file() else _files_in(place)
            self.remote.put(name, files)


def _files_in(folder: Path) -> dict[str, Path]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {file.relative_to(folder.parent).as_posix(): file for file in files}
