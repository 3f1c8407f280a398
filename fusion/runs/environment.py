"""Versions, machine and memory of this process, for the manifest."""

import os
import platform
import resource

from fusion.runs.manifest import Environment
from fusion.runs.stages.store import LIBRARIES, code_version, release


def environment() -> Environment:
    """Return the versions and the machine that make a run."""
    versions = {name: release(name) for name in ("fusion-recommender", *LIBRARIES)}
    return Environment(
        code=code_version(),
        versions=versions,
        python=platform.python_version(),
        cores=len(os.sched_getaffinity(0)),
        peak_mb=peak_mb(),
    )


def peak_mb() -> int:
    """Return the largest memory that this process had so far, in MiB."""
    # Linux counts in KiB.
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib // 1024
