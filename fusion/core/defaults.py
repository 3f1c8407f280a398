"""Thresholds that shape results, one dataclass a room, each with its reason, for the manifest.

A room declares its own in a frozen dataclass and uses the one instance of it:

    @room_defaults("training")
    @dataclass(frozen=True)
    class TrainingDefaults:
        tuning_users: int = threshold(2_000, "standard error of NDCG@10 is then below 0.01")

    DEFAULTS = TrainingDefaults()
"""

from collections.abc import Callable
from dataclasses import MISSING, field, fields, is_dataclass
from typing import Any, TypeVar

from fusion.errors import FusionError

T = TypeVar("T")
REASON = "reason"
"""Key of a field's metadata under which the reason of a threshold stands."""
_rooms: dict[str, type[Any]] = {}


def threshold(value: T, reason: str) -> T:
    """Declare a threshold as a field of a dataclass.

    Args:
        value: what it is; a number, a text or a tuple of them, so that JSON can hold it.
        reason: why it is that and not another, in a sentence; the manifest repeats it.

    Returns:
        The dataclass field, typed as its value so that the class reads as any other.
    """
    declared: Any = field(default=value, metadata={REASON: reason})
    return declared


def room_defaults(room: str) -> Callable[[type[T]], type[T]]:
    """Register a dataclass of thresholds as the defaults of a room.

    Args:
        room: name of the package, such as "training".

    Returns:
        A decorator that gives the class back unchanged.

    Raises:
        FusionError: it is no dataclass, a field has no default or no reason, or another class
            has this room already.
    """

    def register(cls: type[T]) -> type[T]:
        if not is_dataclass(cls):
            raise FusionError(f"the defaults of {room} are no dataclass: {cls.__name__}")
        for declared in fields(cls):
            if declared.default is MISSING or not declared.metadata.get(REASON):
                raise FusionError(f"{cls.__name__}.{declared.name} is not declared by threshold()")
        present = _rooms.setdefault(room, cls)
        if present.__qualname__ != cls.__qualname__:
            raise FusionError(f"{present.__name__} holds the defaults of {room} already")
        _rooms[room] = cls
        return cls

    return register


def all_defaults() -> dict[str, dict[str, dict[str, Any]]]:
    """Return every registered threshold, for the manifest.

    Only rooms that this process imported are known: after a training, those that computed it.

    Returns:
        Room -> name -> {"value": ..., "reason": ...}; rooms by name, thresholds as declared.
    """
    listed = {}
    for room in sorted(_rooms):
        listed[room] = {
            declared.name: {"value": declared.default, REASON: declared.metadata[REASON]}
            for declared in fields(_rooms[room])
        }
    return listed
