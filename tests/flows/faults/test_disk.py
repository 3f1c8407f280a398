"""A run without room or right to write ends with its exit code, and live lists stay."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.flows.calling import Called, call
from tests.flows.world import database, live_lists, query

pytestmark = pytest.mark.faults

PAGE = 4096
ROOM = 200 * 2**20
SIZES = (*range(2, 60, 3), *range(60, 240, 12))
"""Pages of room, from less than the first stage needs to nearly as much as all files of a run.

The run folder's ends at about 240; the page of monitoring, 1.7 MB, comes after the run is shown.
"""
WATCH = ("watch", "--as-of", "2021-01-10")
"""As of a moment in the midst of the data."""
OF_A_WATCH = (
    "select unit, start, figure, value, cases from watch_figure order by 1, 2, 3",
    "select cause, subject, state from alert order by 1, 2, 3",
)
"""What later watches and the policy rest on."""


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """A disk of so many bytes."""
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    if subprocess.run(mounted, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def leave_room(folder: Path, size: int) -> None:
    """Shrink a disk so that so many bytes are left."""
    remount(folder, f"rw,size={shutil.disk_usage(folder).used + size}")


def assert_clean(shop: Path, artifacts: Path) -> None:
    """See that nothing half made is left, in SQL or in files."""
    url = database(shop)
    assert query(url, "select count(*) from run where status = 'training'") == [(0,)]
    orphans = "select count(*) from recommendation where run_no not in (select run_no from run)"
    assert query(url, orphans) == [(0,)]
    assert_no_half_files(shop, artifacts)


def assert_no_half_files(shop: Path, artifacts: Path) -> None:
    """See that no file is left that was being written, and no lock."""
    assert [*artifacts.glob(".2*"), *artifacts.glob("store/*/.*")] == []
    assert [*artifacts.rglob("*.new*"), *artifacts.rglob("*.tmp")] == []
    assert list(shop.glob("*.lock")) == []


def run(shop: Path, artifacts: Path, *words: str, **env: str) -> Called:
    env["FUSION_ARTIFACTS__PATH"] = str(artifacts)
    return call(shop, *(words or ("run",)), "--json", **env)


@pytest.mark.parametrize("pages", SIZES)
def test_a_run_without_room_changes_nothing_and_goes_on_once_there_is(pages, own_shop, moment):
    before = live_lists(database(own_shop))
    with disk(own_shop.with_name("small"), pages * PAGE) as small:
        moment("disk filled")
        ended = run(own_shop, small)
        assert ended.code == 75, ended
        assert "No space left on device. Make room and try again." in ended.message
        assert live_lists(database(own_shop)) == before
        assert_clean(own_shop, small)
        remount(small, f"rw,size={ROOM}")
        again = run(own_shop, small)
        assert again.code in (0, 4), again
        assert_clean(own_shop, small)


@pytest.mark.parametrize("kilobytes", [0, 40, 400, 1200])
def test_a_page_that_cannot_be_drawn_is_drawn_once_there_is_room(kilobytes, own_shop, moment):
    before = live_lists(database(own_shop))
    with disk(own_shop.with_name("small"), ROOM) as small:
        moment("disk filled")
        shutil.copytree(own_shop / "runs", small, dirs_exist_ok=True)
        leave_room(small, kilobytes * 1000)
        ended = run(own_shop, small, "monitor", "--draw")
        assert ended.code == 75, ended
        assert "No space left on device" in ended.message
        assert_clean(own_shop, small)
        remount(small, f"rw,size={ROOM}")
        assert run(own_shop, small, "monitor", "--draw").code in (0, 4)
        assert_clean(own_shop, small)
    assert live_lists(database(own_shop)) == before


def test_a_disk_that_is_read_only_is_named(own_shop):
    before = live_lists(database(own_shop))
    with disk(own_shop.with_name("small"), 10**6) as small:
        remount(small, "ro")
        ended = run(own_shop, small)
        assert (ended.code, "writ" in ended.message) == (2, True), ended
    assert live_lists(database(own_shop)) == before
    assert_clean(own_shop, small)


@pytest.mark.parametrize("pages", [24, 40, 80])
def test_a_database_without_room_keeps_what_is_live(pages, own_shop, moment):
    """The file stands on a disk with room for a few pages more."""
    file = own_shop / "fusion.db"
    query(database(own_shop), "pragma wal_checkpoint(truncate)")
    with disk(own_shop.with_name("small"), ROOM) as small:
        moment("disk filled")
        url = f"sqlite:///{shutil.move(file, small / 'fusion.db')}"
        leave_room(small, pages * PAGE)
        before = live_lists(url)
        ended = call(own_shop, "run", "--json", FUSION_STORAGE__URL=url)
        assert ended.code == 75, ended
        assert live_lists(url) == before
        remount(small, f"rw,size={ROOM}")
        again = call(own_shop, "run", "--json", FUSION_STORAGE__URL=url)
        assert again.code in (0, 4), again
        assert query(url, "select count(*) from run where status = 'training'") == [(0,)]


@pytest.mark.parametrize("pages", [0, 4, 12, 20, 40])
def test_a_watch_without_room_leaves_no_half_of_itself(pages, own_shop, moment):
    """Database and artifacts stand on one disk, as they mostly do."""
    calm = shutil.copytree(own_shop, own_shop.with_name("calm"))
    assert call(calm, *WATCH).code in (0, 4)
    wanted = [query(database(calm), ask) for ask in OF_A_WATCH]
    query(database(own_shop), "pragma wal_checkpoint(truncate)")
    with disk(own_shop.with_name("small"), ROOM) as small:
        moment("disk filled")
        url = f"sqlite:///{shutil.move(own_shop / 'fusion.db', small / 'fusion.db')}"
        artifacts = shutil.copytree(own_shop / "runs", small / "runs")
        before, runs = live_lists(url), query(url, "select run_no, status from run")
        leave_room(small, pages * PAGE)
        ended = run(own_shop, artifacts, *WATCH, FUSION_STORAGE__URL=url)
        assert ended.code == 75, ended
        # SQL is written before the file of what is known.
        assert ("No space left" if pages == 40 else "the disk") in ended.message
        assert [*(artifacts / "watch").rglob(".*")] == []
        remount(small, f"rw,size={ROOM}")
        again = run(own_shop, artifacts, *WATCH, FUSION_STORAGE__URL=url)
        assert again.code in (0, 4), again
        # As if the first one had never been.
        assert [query(url, ask) for ask in OF_A_WATCH] == wanted
        assert query(url, "pragma integrity_check") == [("ok",)]
        assert (live_lists(url), query(url, "select run_no, status from run")) == (before, runs)
        assert_no_half_files(own_shop, artifacts)
