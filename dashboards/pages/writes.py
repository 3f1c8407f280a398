"""What the pages write: functions that `flows` hands them, the same as verbs call."""

from collections.abc import Callable
from dataclasses import dataclass

Fields = dict[str, str]


@dataclass(frozen=True)
class Writes:
    """Functions that write, each with the name of the person and the fields of the form.

    Every one raises FusionError, whose text says what to do, where it refuses; nothing is done
    then.

    Attributes:
        acknowledge: the alert `number`, with `why`, and `until`, "" for good.
        approve: the run `run`, which must still wait, with `reason`.
        reject: the run that waits, `run`, with `reason`.
        rollback: to the run before, from `run`, with `reason`, and `freeze`, "" for none.
        block: the item `item` for everyone, with `reason`, and `until`, "" for good.
        unblock: the item `item`, with `reason`.
    """

    acknowledge: Callable[[str, Fields], None]
    approve: Callable[[str, Fields], None]
    reject: Callable[[str, Fields], None]
    rollback: Callable[[str, Fields], None]
    block: Callable[[str, Fields], None]
    unblock: Callable[[str, Fields], None]
