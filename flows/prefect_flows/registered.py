"""What `fusion deploy` registered; without Prefect, since the screen and JSON show it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Registered:
    """A deployment in a work pool.

    Attributes:
        name: of its flow and its own, as Prefect writes it: `fusion watch/watch home`.
        cron: when it is started, in cron's five fields; None where by hand or by events alone.
        timezone: of the cron; None without one.
        events: names of events that start it.
    """

    name: str
    cron: str | None
    timezone: str | None
    events: tuple[str, ...]


@dataclass(frozen=True)
class Deployed:
    """The deployments of a configuration in a work pool.

    Attributes:
        pool: name of the pool.
        type: of its workers, such as process or docker.
        made: whether the pool was made by this command.
        deployments: what its workers run now.
    """

    pool: str
    type: str
    made: bool
    deployments: tuple[Registered, ...]
