"""A case: one command with all that it reads, as plain values that can be printed and repeated."""

import os
from dataclasses import dataclass
from pathlib import Path

CONFIG = "case.toml"
"""The configuration of a case, beside that of the place."""


@dataclass(frozen=True)
class Case:
    """A command in a prepared place.

    Attributes:
        words: of the command, without `fusion`.
        about: a refusal names one of these; empty where anything may be wrong.
        config: text of the file `case.toml`; None writes none.
        files: name and content of what lies in the working folder besides.
        links: name and target of symbolic links.
        fifos: names of pipes.
        env: variables of the environment.
    """

    words: tuple[str, ...]
    about: tuple[str, ...] = ()
    config: str | None = None
    files: tuple[tuple[str, bytes], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    fifos: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()

    def write(self, folder: Path) -> None:
        """Write the files of the case."""
        if self.config is not None:
            # A configuration may hold what is no UTF-8.
            (folder / CONFIG).write_bytes(self.config.encode("utf-8", "surrogateescape"))
        for name, content in self.files:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        for name, target in self.links:
            (folder / name).symlink_to(target)
        for name in self.fifos:
            os.mkfifo(folder / name)
