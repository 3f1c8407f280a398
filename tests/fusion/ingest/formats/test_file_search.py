"""Searching for files: folders that change or cannot be read meanwhile."""

import pytest

from fusion.core.findings import Unusable
from fusion.ingest.formats.file_search import find_files


def test_a_folder_that_changes_while_it_is_searched_is_a_finding(tmp_path, monkeypatch):
    """As `/proc` does, whose folders come and go."""

    def vanish(folder, onerror):
        onerror(FileNotFoundError(2, "No such file or directory", f"{folder}/1234"))

    monkeypatch.setattr("os.walk", vanish)
    with pytest.raises(Unusable, match=r"cannot be searched: .*1234"):
        find_files("interactions", ".", tmp_path)


def test_a_url_is_no_path_and_shows_no_password(tmp_path):
    with pytest.raises(Unusable) as stopped:
        find_files("interactions", "postgresql://bob:hunter2@host/shop", tmp_path)
    assert stopped.value.finding.code == "missing_file"
    assert "postgresql://bob:***@host/shop is a URL" in str(stopped.value)
