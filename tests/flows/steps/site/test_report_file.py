"""`fusion report`: the page of a run as one file, and what it never replaces."""

import pytest

from dashboards.pages.one_file import BEGIN
from flows.session import Session
from flows.steps.site.report_file import write_report_file
from fusion.errors import ConfigError
from storage.runs.runs import runs
from tests.flows.calling import call_main


def as_it_is(command: str) -> str:
    return command


def test_it_holds_the_run_and_may_be_written_again(two_runs, tmp_path):
    newest = runs(two_runs.engine, "default", 1)[0]
    file = tmp_path / "report.html"
    for _ in range(2):
        assert write_report_file(two_runs, "live", file, as_it_is) == newest.run_id
    page = file.read_text(encoding="utf-8")
    assert page.startswith(BEGIN)
    assert newest.run_id in page
    assert page.index("It is live.") < page.index("NDCG@10 of every method") < page.index("Film i")
    assert len(page) < 1_000_000
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("content", [b"userId,movieId\n", b"<!doctype html>\n<p>mine</p>", b"<"])
def test_a_file_of_somebody_else_stays(shop, tmp_path, content):
    session, file = Session.open(shop / "fusion.toml"), tmp_path / "mine"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="holds no report of fusion; name another file"):
        write_report_file(session, "live", file, as_it_is)
    assert file.read_bytes() == content
    session.engine.dispose()


@pytest.mark.parametrize(
    ("run", "out", "said"),
    [
        ("nobody", "report.html", "unknown run"),
        ("live", "nowhere/report.html", "cannot be written: No such file or directory"),
        ("live", ".", "is no file; name another"),
        ("live", "ratings.csv", "holds no report of fusion"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(shop, run, out, said):
    kept = (shop / "ratings.csv").read_bytes()
    ended = call_main(shop, "report", run, "--out", out)
    assert ended.code == 2
    complaint = " ".join(ended.err.split())
    assert said in complaint
    assert "Traceback" not in complaint
    assert (shop / "ratings.csv").read_bytes() == kept
    assert not (shop / "report.html").exists()
