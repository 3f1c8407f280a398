"""A foreign package under one of our names ends every verb with a sentence, not a traceback."""

import json
import os
import subprocess

import pytest

from flows.import_guard import find_foreign_package
from tests.flows.world import ROOT, command, environment


def ended(folder, path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`, where Python looks first, with `path` next."""
    env = environment(PYTHONPATH=os.pathsep.join(map(str, (path, ROOT))))
    return subprocess.run(
        command(*words), cwd=folder, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("made", ["storage/__init__.py", "dashboards/__init__.py", "fusion.py"])
def test_a_foreign_package_is_named_with_its_folder_and_the_cure(tmp_path, made):
    other = tmp_path / "other" / made
    other.parent.mkdir(parents=True)
    other.touch()
    place = other.parent if other.name == "__init__.py" else other
    done = ended(tmp_path, tmp_path / "other", "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        f"error foreign_package ({place.stem}): {place} is not ours and hides it; take "
    )
    assert f"take {tmp_path / 'other'} off PYTHONPATH" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert ended(tmp_path, ROOT, "--help").returncode == 0
    told = json.loads(ended(tmp_path, tmp_path / "other", "check", "--json").stdout)
    assert told == {"error": done.stderr.removeprefix("error ").strip(), "exit_code": 2}


def test_a_foreign_package_in_the_folder_where_a_command_starts_is_named(tmp_path):
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "__init__.py").touch()
    done = ended(tmp_path, ROOT, "--help")
    assert done.returncode == 2
    assert str(tmp_path / "storage") in done.stderr


def test_a_folder_that_is_no_package_hides_nothing(tmp_path):
    (tmp_path / "storage").mkdir()
    assert ended(tmp_path, tmp_path, "--help").returncode == 0
    assert find_foreign_package() is None
