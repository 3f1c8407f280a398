"""Stages that machines share through objects: whole where their manifest is, which comes last."""

import json
import logging
import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath
from secrets import token_hex

from fusion.runs.stages.objects import Found, Objects
from fusion.runs.stages.record import KEY_DIGITS, RECORD, damage_in, read_record, record_of

log = logging.getLogger(__name__)
MANIFEST = "manifest.json"
"""The object of a stage that says which upload of its files is the whole one."""
USED = "used"
"""An object that is as old as the last training that asked for the stage, within `TOUCH_EVERY`."""
DAMAGED = "damaged.json"
"""What the manifest becomes whose files were not whole."""
TOUCH_EVERY = timedelta(hours=12)
"""Age of `used` from which on it is written anew: most runs write none."""
OURS = re.compile(
    rf"([\w-]+/[0-9a-f]{{{KEY_DIGITS}}})/({MANIFEST}|{USED}|{DAMAGED}|[0-9a-f]{{12}}/.+)", re.ASCII
)
"""Names of objects of stages: whatever else stands below the URL is somebody else's."""
LEAST_AGE = timedelta(days=1)
"""What was asked for so lately never goes: another machine may be about to copy it."""


@dataclass(frozen=True)
class RemoteStage:
    """What stands at the remote of one stage.

    Attributes:
        name: `<name>/<key>`.
        objects: all of them.
    """

    name: str
    objects: tuple[Found, ...]

    @property
    def bytes(self) -> int:
        """Of all its objects."""
        return sum(one.bytes for one in self.objects)

    @property
    def used_at(self) -> datetime:
        """When it was last uploaded or asked for."""
        return max(one.written_at for one in self.objects)


@dataclass(frozen=True)
class Remote:
    """Stages below a URL: `<name>/<key>/<upload>/<file>`, and the manifest of one upload of each.

    Attributes:
        url: as `[artifacts] store`.
    """

    url: str

    @cached_property
    def objects(self) -> Objects:
        """What stands there."""
        return Objects(self.url)

    def has(self, stage: str) -> bool:
        """Return whether a stage is there.

        Args:
            stage: `<name>/<key>`.
        """
        return self.objects.written_at(f"{stage}/{MANIFEST}") is not None

    def fetch(self, stage: str, draft: Path) -> bool:
        """Copy a stage here, with all its files verified.

        Args:
            stage: `<name>/<key>`.
            draft: a folder to be, which is made; it is not there where the stage is not.

        Returns:
            Whether the stage is there, and whole; one that is not is set aside.
        """
        text = self.objects.read(f"{stage}/{MANIFEST}")
        if text is None:
            return False
        draft.mkdir()
        damage = self._fetch(stage, text, draft) or damage_in(draft)
        if damage:
            log.warning(
                "stage damaged name=%s at %s: %s; it is set aside as %s and made again",
                stage,
                self.url,
                damage,
                DAMAGED,
            )
            self.objects.write(f"{stage}/{DAMAGED}", text)
            self.objects.remove(f"{stage}/{MANIFEST}")
            shutil.rmtree(draft)
            return False
        log.info("stage copied name=%s from=%s", stage, self.url)
        return True

    def _fetch(self, stage: str, text: bytes, draft: Path) -> str:
        """Copy the files of one upload; returns what is wrong, or nothing."""
        try:
            manifest = json.loads(text)
            upload, record = str(manifest["upload"]), str(manifest["record"])
        except (ValueError, TypeError, KeyError):
            return f"{MANIFEST} cannot be read"
        (draft / RECORD).write_text(record, encoding="utf-8")
        for name in read_record(draft):
            path = PurePosixPath(name)
            # Whoever may write to the bucket shall not write elsewhere on this machine.
            if path.is_absolute() or ".." in path.parts:
                return f"{MANIFEST} names {name}"
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            self.objects.download(f"{stage}/{upload}/{name}", draft / path)
        return ""

    def offer(self, stage: str, folder: Path) -> None:
        """Copy a stage there, unless it is there: its files first, the manifest last.

        A process that is killed before leaves files that nobody takes for a stage. Of two that
        offer the same, the last manifest counts: both are of whole files, of the same inputs.

        Args:
            stage: `<name>/<key>`.
            folder: of the stage, finished, from which no file was dropped.
        """
        if self.has(stage):
            return
        record = (folder / RECORD).read_text(encoding="utf-8")
        self._upload(stage, {name: folder / name for name in read_record(folder)}, record)
        log.info("stage offered name=%s at=%s", stage, self.url)

    def put(self, name: str, files: Mapping[str, Path]) -> None:
        """Copy files there that are no stage, for another machine to `fetch`.

        Args:
            name: `<word>/<key>`, which nothing else has.
            files: by relative path.
        """
        self._upload(name, files, record_of(files))

    def drop(self, name: str) -> None:
        """Remove what stands there under a name.

        Args:
            name: of a stage, or as of `put`.
        """
        self.remove([RemoteStage(name, tuple(self.objects.found(name)))])

    def _upload(self, name: str, files: Mapping[str, Path], record: str) -> None:
        upload = token_hex(6)
        for relative, file in files.items():
            self.objects.upload(file, f"{name}/{upload}/{relative}")
        manifest = json.dumps({"upload": upload, "record": record})
        self.objects.write(f"{name}/{MANIFEST}", manifest.encode())

    def note_use(self, stage: str) -> bool:
        """Note that a training asks for a stage, so that pruning keeps it.

        Args:
            stage: `<name>/<key>`.

        Returns:
            Whether the stage is there.
        """
        written_at = self.objects.written_at(f"{stage}/{MANIFEST}")
        if written_at is None:
            return False
        noted_at = self.objects.written_at(f"{stage}/{USED}") or written_at
        # A clock of ours that is wrong costs a request, or some hours of a stage's life.
        if datetime.now(UTC) - max(noted_at, written_at) > TOUCH_EVERY:
            self.objects.write(f"{stage}/{USED}", b"")
        return True

    def stages(self) -> list[RemoteStage]:
        """Return all that stands there, whole or not."""
        by_name: dict[str, list[Found]] = {}
        for one in self.objects.found():
            if ours := OURS.fullmatch(one.name):
                by_name.setdefault(ours[1], []).append(one)
        return [RemoteStage(name, tuple(objects)) for name, objects in by_name.items()]

    def old(self, age: timedelta) -> list[RemoteStage]:
        """Return the stages that no training has asked for lately.

        Args:
            age: from which on they are old; a day at least.
        """
        since = self.objects.now() - max(age, LEAST_AGE)
        return [stage for stage in self.stages() if stage.used_at < since]

    def remove(self, stages: Collection[RemoteStage]) -> None:
        """Remove stages, the manifest first: from then on nobody takes them for whole.

        Args:
            stages: of `stages` or `old`.
        """
        for stage in stages:
            manifest = f"{stage.name}/{MANIFEST}"
            self.objects.remove(manifest)
            # Not twice: another machine may have uploaded the stage anew meanwhile.
            for one in stage.objects:
                if one.name != manifest:
                    self.objects.remove(one.name)
