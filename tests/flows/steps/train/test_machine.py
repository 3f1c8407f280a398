"""Free memory is that of the system, within the limit of a container; free disk is by folder."""

import shutil

import pytest

from flows.steps.train import machine
from flows.steps.train.machine import MIB, this_machine

HALF_A_GIB = 2**29


@pytest.fixture
def container(tmp_path, monkeypatch):
    """A folder in which a container's limits stand, and a system with one GiB left."""
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 2097152 kB\nMemFree: 1 kB\nMemAvailable: 1048576 kB\n")
    monkeypatch.setattr(machine, "MEMINFO", meminfo)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    return tmp_path


def test_without_a_limit_free_memory_is_what_the_system_can_give(container, tmp_path):
    assert this_machine(2, tmp_path).memory_mb == 1024
    (container / "memory.max").write_text("max\n")
    (container / "memory.current").write_text("7\n")
    assert this_machine(2, tmp_path).memory_mb == 1024


@pytest.mark.parametrize(
    ("limit", "used"),
    [
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ],
)
def test_a_container_leaves_less(container, tmp_path, limit, used):
    (container / "memory").mkdir()
    (container / limit).write_text(f"{2 * HALF_A_GIB}\n")
    (container / used).write_text(f"{HALF_A_GIB}\n")
    assert this_machine(2, tmp_path).memory_mb == 512
    (container / used).write_text(f"{3 * HALF_A_GIB}\n")
    assert this_machine(2, tmp_path).memory_mb == 0


def test_a_system_that_does_not_say_has_no_figure(container, tmp_path):
    (container / "meminfo").unlink()
    assert this_machine(2, tmp_path).memory_mb is None


def test_disk_is_that_of_the_folder_which_need_not_be_there(tmp_path):
    free = this_machine(2, tmp_path / "not" / "there").disk_mb
    assert free == pytest.approx(shutil.disk_usage(tmp_path).free / MIB, rel=0.1)
