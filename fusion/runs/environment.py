"""Versions, machine and memory of this process, for the manifest."""

import os
import platform
import resource

from fusion.compute.identity import CPU, cpu_kind
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
        cpu=cpu_kind(),
        peak_mb=peak_mb(),
    )


def identity() -> dict[str, str]:
    """Return all by which the bits of this process may differ from those of another one."""
    releases = {name: release(name) for name in LIBRARIES}
    python = platform.python_version()
    return {"the code of fusion": code_version(), "Python": python, CPU: cpu_kind(), **releases}


def peak_mb() -> int:
    """Return the largest memory that this process had so far, in MiB."""
    # Linux counts in KiB.
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib // 1024
