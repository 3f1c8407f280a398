"""Whether a Prefect API is configured, whatever else stands in the files that Prefect reads."""

import pytest

from flows.prefect_flows import api

OTHERS = [
    ("prefect.toml", b"api = 1"),
    ("prefect.toml", b"[api]\nurl = ''"),
    ("prefect.toml", b"\xff"),
    ("prefect.toml", b"x = " + b"[" * 5000),
    ("prefect.toml", b"x = " + b"9" * 5000),
    ("pyproject.toml", b"tool = 1"),
    ("pyproject.toml", b"[[tool]]"),
    ("pyproject.toml", b"[tool]\nprefect = []"),
    (".env", b"\xff\xfe"),
    ("profiles.toml", b"active = []"),
    ("profiles.toml", b'active = "x"\nprofiles = 3'),
    ("profiles.toml", b'active = "x"\n[profiles]\nx = 1'),
]
"""Files of something else, or written by nobody's program."""


@pytest.fixture(autouse=True)
def nothing_configured(tmp_path, monkeypatch):
    """A working folder without any file, and a home without any profile."""
    monkeypatch.chdir(tmp_path)
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))


@pytest.mark.parametrize(("name", "content"), OTHERS)
def test_a_file_that_names_no_api_is_passed_over(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert not api.configured()


@pytest.mark.parametrize("place", ["~nobody-at-all/x", "a\0b", ".", "x" * 5000])
def test_profiles_that_nobody_can_read_name_no_api(place, monkeypatch):
    # The system takes no NUL in the environment; who calls from Python may.
    monkeypatch.setattr(api.os, "environ", {"PREFECT_PROFILES_PATH": place})
    assert not api.configured()


def test_a_user_without_a_home_has_no_profile(monkeypatch):
    monkeypatch.delenv("PREFECT_HOME")
    monkeypatch.setattr("pathlib.Path.expanduser", _no_home)
    assert not api.configured()


def _no_home(path):
    raise RuntimeError("Could not determine home directory.")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env", "PREFECT_API_URL=http://h/api"),
        ("prefect.toml", '[api]\nurl = "http://h/api"'),
        ("pyproject.toml", '[tool.prefect.api]\nurl = "http://h/api"'),
        ("profiles.toml", 'active = "x"\n[profiles.x]\nPREFECT_API_URL = "http://h/api"'),
    ],
)
def test_each_file_may_name_an_api(name, content, tmp_path):
    (tmp_path / name).write_text(content)
    assert api.configured()
