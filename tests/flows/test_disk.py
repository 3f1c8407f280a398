"""A run without room or right to write ends with its exit code, and live lists stay."""

import subprocess

import pytest

from tests.flows.world import database, fusion, live_lists, query

pytestmark = pytest.mark.faults


@pytest.fixture
def small(tmp_path):
    """A disk of 300 kB, less than a run needs."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", folder], check=False
    ).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize(
    ("options", "code", "words"), [("rw", 75, "Make room and try again"), ("ro", 2, "writ")]
)
def test_a_run_without_room_changes_nothing(own_shop, small, options, code, words):
    url = database(own_shop)
    before = live_lists(url)
    subprocess.run(["mount", "-o", f"remount,{options}", small], check=True)
    ended = fusion(own_shop, "run", FUSION_ARTIFACTS__PATH=str(small))
    assert (ended.code, "Traceback" in ended.err) == (code, False), ended.err
    assert words in ended.err
    assert live_lists(url) == before
    assert query(url, "select count(*) from run where status = 'training'") == [(0,)]
    assert list(small.glob(".2*")) == list(small.glob("store/*/.*")) == []
    assert list(own_shop.glob("*.lock")) == []
    subprocess.run(["mount", "-o", "remount,rw,size=200m", small], check=True)
    assert fusion(own_shop, "run", FUSION_ARTIFACTS__PATH=str(small)).code in (0, 4)
