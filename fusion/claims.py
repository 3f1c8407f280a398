"""Claims: threads that want the same things made share the work, so that nothing is made twice at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition


class Claims:
    """Which things, by key, threads of this process make right now."""

    def __init__(self) -> None:
        self._changed, self._taken = Condition(), set[bytes]()

    @contextmanager
    def some_of(self, missing: Callable[[], Sequence[bytes]], most: int) -> Iterator[Sequence[bytes]]:
        """Up to `most` of what is missing and nobody makes, held until the block ends; nothing once nothing is missing.

        Where others make all that is missing, wait until one of them is done, or died, and ask again. `missing` is
        asked while no claim is let go: what was made before that is found, or it is made twice.
        """
        with self._changed:
            while (wanted := missing()) and not (mine := [key for key in wanted if key not in self._taken][:most]):
                self._changed.wait()
            mine = mine if wanted else []
            self._taken.update(mine)
        try:
            yield mine
        finally:
            with self._changed:
                self._taken.difference_update(mine)
                self._changed.notify_all()
