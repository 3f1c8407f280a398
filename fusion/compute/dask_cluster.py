"""Clusters of Dask: on this machine, or behind a scheduler that is named; workers are checked."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from fusion.compute.worker import refuse, sees
from fusion.core.extras import require_extras
from fusion.errors import ExecutorLost, WorkerRefused

CONNECT_SECONDS = 30
"""Seconds in which a scheduler has to answer, and its first worker to be there."""
NOISY = ("distributed", "distributed.client", "bokeh", "tornado", "tornado.application")
"""Loggers to which `distributed` gives handlers of their own as it is imported."""
THIS_MACHINE = "127.0.0.1"


@dataclass(frozen=True)
class Cluster:
    """A cluster whose workers were checked.

    Attributes:
        client: of `distributed`.
        n_workers: when it was opened.
        address: of the scheduler, for sentences.
        memory: GiB that tasks under way may need together; infinite where each worker has its own.
        is_far: a worker does not see the folder of the training.
    """

    client: Any
    n_workers: int
    address: str
    memory: float
    is_far: bool = False


@contextmanager
def local_cluster(n_workers: int, memory: float) -> Iterator[Cluster]:
    """Start workers of one thread each on this machine; they end with the block or this process.

    Between them TLS is spoken, with certificates of the moment: others who are logged in here
    cannot hand them work.

    Args:
        n_workers: to start.
        memory: GiB that tasks under way may need together.

    Yields:
        The cluster.
    """
    distributed = _distributed()
    with (
        distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            processes=True,
            host=THIS_MACHINE,
            # Any port that is free: None would ask for one that another cluster may have.
            dashboard_address=f"{THIS_MACHINE}:0",
            memory_limit=0,
            security=True,
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield Cluster(client, n_workers, cluster.scheduler_address, memory)


@contextmanager
def remote_cluster(
    scheduler: str,
    memory: float,
    folder: Path,
    identity: Mapping[str, Any],
    may_be_far: bool = False,
) -> Iterator[Cluster]:
    """Connect with a scheduler, and check its workers.

    Args:
        scheduler: its address, such as "tcp://host:8786".
        memory: GiB that every worker must be allowed to hold.
        folder: that every worker must see, unless they may be far.
        identity: as of `worker.answer`.
        may_be_far: whether there is another way to workers that do not see the folder.

    Yields:
        The cluster.

    Raises:
        ExecutorLost: the scheduler does not answer, or has no worker.
        WorkerRefused: a worker cannot take part.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError) as away:
        raise ExecutorLost(
            f"the scheduler {scheduler} of [compute] does not answer, or has no worker, within "
            f"{CONNECT_SECONDS} seconds; start it and its workers, and try again"
        ) from away
    with client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        _check_sizes(workers, memory)
        is_far = _check_workers(client, folder, identity, may_be_far)
        yield Cluster(client, len(workers), scheduler, inf, is_far)


def _check_sizes(workers: Mapping[str, Mapping[str, Any]], memory: float) -> None:
    """Refuse workers that would do two tasks at once, or hold less than a fit may need."""
    for address, worker in workers.items():
        if worker["nthreads"] != 1:
            raise WorkerRefused(
                f"the worker {address} has {worker['nthreads']} threads, so that several fits "
                "would share its memory; start it with `--nthreads 1`, and several of them"
            )
        limit = worker["memory_limit"]
        if limit and limit < memory * 2**30:
            raise WorkerRefused(
                f"the worker {address} may hold {limit / 2**30:.1f} GiB, and a fit may need "
                f"{memory:g} GiB, which is `memory` of the configuration; lower that, or start "
                "the worker with a higher `--memory-limit`"
            )


def _check_workers(
    client: Any, folder: Path, identity: Mapping[str, Any], may_be_far: bool
) -> bool:
    """Refuse workers whose results would differ, or who do not see the store and may not be far.

    Returns:
        Whether any does not see it.
    """
    place, plain_identity = str(folder.absolute()), json.loads(json.dumps(identity))
    try:
        is_far = may_be_far and not all(client.run(sees, place).values())
        refusals = client.run(refuse, "" if is_far else place, plain_identity)
    except ImportError as missing:
        raise WorkerRefused(
            f"a worker cannot import what the coordinator can ({missing}); install the same "
            "release of fusion-recommender there"
        ) from missing
    for _, refusal in sorted(refusals.items()):
        if refusal:
            raise WorkerRefused(refusal)
    return is_far


def require_dask() -> None:
    """See that Dask is installed; nothing is imported for that.

    Raises:
        MissingExtra: it is not.
    """
    require_extras('`[compute] executor = "dask"`', "scale")


def _distributed() -> Any:
    """Import `distributed`, and let its messages go where ours go."""
    require_dask()
    import distributed  # noqa: PLC0415 - takes a second, and is in no other extra

    for name in NOISY:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.ERROR)
    return distributed
