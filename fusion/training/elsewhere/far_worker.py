"""A task in a process that does not see the folder of the training, but the shared store."""

import json
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from fusion.compute.worker import answer
from fusion.core.durable import rename_folder
from fusion.core.locks.drafts import draft_beside
from fusion.core.progress import quiet
from fusion.core.system_errors import disk_refused, system_error
from fusion.errors import MissingExtra, StoreLost, StoreRefused
from fusion.runs.stages.record import KEY_DIGITS
from fusion.runs.stages.remote import Remote

HANDED = "handed"
"""Folder of the store for what other processes read to make stages."""
MADE = "made"
"""Name, at the shared store, of what workers made and nobody has fetched yet."""
CACHE = "fusion-stages"
"""Folder of a worker's own for what it copied, within the one that Dask removes when it ends."""


@dataclass(frozen=True)
class Unit:
    """What is copied whole of a path: a stage, or a dataset or file that was handed over.

    Attributes:
        name: at the shared store.
        source: below the store of the training.
        path: where the path is below a worker's cache, the folder of which is called by the name.
    """

    name: str
    source: PurePath
    path: PurePath

    @property
    def is_handed(self) -> bool:
        """Whether it was handed over, and is no stage."""
        return self.name.startswith(f"{HANDED}/")


def unit_of(path: PurePath) -> Unit:
    """Return what is copied whole of a path.

    Args:
        path: below the store of a training: `<stage>/<key>/...` or `handed/<draft>/<item>/...`.
    """
    if path.parts[0] != HANDED:
        source = PurePath(*path.parts[:2])
        return Unit(source.as_posix(), source, path)
    source = PurePath(*path.parts[:3])
    name = f"{HANDED}/{_key(source.as_posix())}"
    return Unit(name, source, PurePath(name, *path.parts[2:]))


def texts_below(value: Any, root: str) -> Iterator[str]:
    """Iterate over the paths below a folder, in plain values.

    Args:
        value: a text, number, list or mapping.
        root: the folder.

    Yields:
        Each path.
    """
    if isinstance(value, str) and value.startswith(f"{root}/"):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_below(each, root)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_below(each, root)


def answer_far(text: str) -> str:
    """Do a task, with all that it reads copied here, and leave what is made at the shared store.

    Args:
        text: of `Courier.send`.

    Returns:
        The answer, as of `answer_text`, with `made`, the name at the shared store; or `lost`, a
        sentence about it.
    """
    question = json.loads(text)
    far = question.pop("far")
    try:
        return json.dumps(_answer(question, Remote(far["url"]), far))
    except StoreLost as lost:
        return json.dumps({"lost": f"the worker on {platform.node()}: {lost}"})
    except (StoreRefused, MissingExtra) as refused:
        return json.dumps({"refused": f"the worker on {platform.node()}: {refused}"})
    except OSError as failure:
        if not disk_refused(failure):
            raise
        return json.dumps({"disk": [system_error(failure), str(failure)]})


def _answer(question: dict[str, Any], remote: Remote, far: Mapping[str, Any]) -> dict[str, Any]:
    cache = _cache(far["training"])
    local = _fetched(question["arguments"], far["root"], cache, remote)
    with TemporaryDirectory(dir=cache) as folder:
        answered = answer(quiet, **{**question, "folder": folder, "arguments": local})
        if "attempt" in answered:
            attempt = Path(folder, answered["attempt"])
            files = [file for file in sorted(attempt.rglob("*")) if file.is_file()]
            name = f"{MADE}/{_key(question['folder'] + attempt.name)}"
            remote.put(name, {file.relative_to(attempt).as_posix(): file for file in files})
            answered["made"] = name
    return answered


def _cache(training: str) -> Path:
    """Return this worker's folder for a training; that of another training goes."""
    from distributed import get_worker  # noqa: PLC0415 - only workers of Dask are far away

    base = Path(get_worker().local_directory, CACHE)
    cache = base / training
    if not cache.exists():
        shutil.rmtree(base, ignore_errors=True)
        cache.mkdir(parents=True)
    return cache


def _fetched(value: Any, root: str, cache: Path, remote: Remote) -> Any:
    """Return plain values with paths of this machine, where what they name stands."""
    if value == root:
        return str(cache)
    if isinstance(value, str) and value.startswith(f"{root}/"):
        unit = unit_of(PurePath(value).relative_to(root))
        _fetch(unit.name, cache, remote)
        return str(cache / unit.path)
    if isinstance(value, dict):
        return {name: _fetched(each, root, cache, remote) for name, each in value.items()}
    if isinstance(value, list):
        return [_fetched(each, root, cache, remote) for each in value]
    return value


def _fetch(name: str, cache: Path, remote: Remote) -> None:
    """Copy a unit here, unless it is here."""
    place = cache / name
    if place.exists():
        return
    with draft_beside(place) as draft:
        if not remote.fetch(name, draft):
            raise StoreLost(
                f"{name} is not whole at {remote.url}; what is made so far is kept: run the same "
                "command again"
            )
        rename_folder(draft, place)


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:KEY_DIGITS]
