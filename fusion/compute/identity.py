"""The identity of a process that computes: releases and kind of CPU, by which bits may differ."""

import platform
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

CPU = "CPU"
CPU_FILE = Path("/proc/cpuinfo")


@cache
def cpu_kind() -> str:
    """Return the kind of CPU of this machine: its model, and a hash of what it can do.

    Libraries choose their kernels by both, and another kernel may round differently.
    """
    lines = CPU_FILE.read_text().splitlines() if CPU_FILE.exists() else []
    facts = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    known = {name.strip(): value.strip() for name, value in facts.items()}
    model = known.get("model name") or platform.processor() or platform.machine()
    flags = known.get("flags") or known.get("Features") or ""
    abilities = sha256(" ".join(sorted(flags.split())).encode()).hexdigest()[:8]
    return f"{model} ({platform.machine()}, abilities {abilities})"


def differences(expected: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return in what a worker differs from the coordinator, for a sentence; empty where in nothing.

    Args:
        expected: identity of the coordinator: name -> release, hash or kind.
        found: that of the worker.
    """
    names = sorted({*expected, *found})
    return ", ".join(
        f"{name} {found.get(name, 'missing')} instead of {expected.get(name, 'none')}"
        for name in names
        if found.get(name) != expected.get(name)
    )
