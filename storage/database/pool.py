"""The pool of connections of an engine, whose exhaustion is an error of ours."""

from sqlalchemy import PoolProxiedConnection, QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fusion.errors import Unavailable


class WaitingPool(QueuePool):
    """A pool that raises `Unavailable` where no connection came back for as long as it waits."""

    # SQLAlchemy names the logger of a pool by its module: as one of ours, the log of every verb
    # would hold what only somebody who looks into a pool asks for.
    _sqla_logger_namespace = f"{QueuePool.__module__}.{QueuePool.__name__}"

    def connect(self) -> PoolProxiedConnection:
        """Take a connection, or wait for one.

        Returns:
            The connection.

        Raises:
            Unavailable: all of them stay in use.
        """
        try:
            return super().connect()
        # No driver raises it, so that the engine's translation of errors never sees it.
        except PoolTimeout as full:
            raise Unavailable(
                f"all {self.checkedout()} connections of this process to the database are in use, "
                f"and none came back within {self.timeout():g} s. Try again later; if it stays so, "
                "let fewer threads share an engine, or close what they leave open."
            ) from full
