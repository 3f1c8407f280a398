"""The processes of a training: those of packages' sources, and those of the executor."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from fusion.compute.dask_cluster import local_cluster, remote_cluster
from fusion.compute.dask_executor import DaskExecutor
from fusion.compute.processes import ProcessExecutor
from fusion.compute.task import Executor
from fusion.core.locks.drafts import draft_beside
from fusion.models.foreign.processes import foreign_sources
from fusion.runs.context import RunContext
from fusion.runs.environment import identity
from fusion.runs.stages.handover import Handover
from fusion.training.elsewhere.courier import Courier
from fusion.training.elsewhere.far_worker import HANDED
from fusion.training.sources import source_limits

log = logging.getLogger(__name__)
FOREIGN = "foreign"
"""Folder of the store for what packages' sources and the training hand to each other."""
IDENTITY = "fusion.runs.environment:identity"


@contextmanager
def with_processes(context: RunContext) -> Iterator[RunContext]:
    """Let packages' sources be asked, and open the executor that `[compute]` asks for.

    Args:
        context: of a training.

    Yields:
        The context with its executor; all processes end with the block.

    Raises:
        MissingExtra: Dask is not installed.
        ExecutorLost: the scheduler does not answer.
        WorkerRefused: a worker cannot take part.
    """
    compute = context.config.compute
    root, is_local = context.store.root, compute.executor == "local"
    for name, why in compute.unused.items():
        log.warning("[compute] %s has no effect: %s", name, why)
    with ExitStack() as opened:
        opened.enter_context(foreign_sources(source_limits(context.config), root / FOREIGN))
        if is_local:
            yield context
            return
        folder = opened.enter_context(draft_beside(root / HANDED / "data"))
        folder.mkdir()
        executor = opened.enter_context(_opened(context, folder))
        yield replace(context, executor=executor, handover=Handover(folder))


@contextmanager
def _opened(context: RunContext, folder: Path) -> Iterator[Executor]:
    """Open another executor than the local one."""
    compute, memory = context.config.compute, context.config.memory
    who = {"function": IDENTITY, "expected": identity()}
    n_workers = compute.workers or context.threads
    if compute.executor == "processes":
        with closing(ProcessExecutor(n_workers, who)) as processes:
            yield processes
        return
    if compute.scheduler:
        may_be_far = context.remote is not None
        cluster = remote_cluster(compute.scheduler, memory, folder, who, may_be_far)
    else:
        cluster = local_cluster(n_workers, memory)
    with cluster as opened:
        if context.remote is None or not opened.is_far:
            yield DaskExecutor(opened, who)
            return
        root = context.store.root.absolute()
        with closing(Courier(context.remote, root, folder.name)) as courier:
            yield DaskExecutor(opened, who, courier)
