"""Output that nobody takes: the exit code stays that of the outcome, whatever became of the words.

Each case is a process of its own, since streams belong to a process.
"""

import os
import pty
import select
import shlex
import subprocess

import pytest

from tests.flows.world import command, database, environment, fusion, query, take_more

NOTHING_LIVE = "Nothing is live in placement 'default'."
ASCII = {"PYTHONIOENCODING": "ascii"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
PLAIN_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def in_shell(folder, redirection: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Call `fusion` in a shell that changes its streams; a pipe ends as `fusion` does."""
    line = f"set -o pipefail; {shlex.join(command(*words))} {redirection}"
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment(**env),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("redirection", "words", "code"),
    [
        ("| true", ("status",), 0),
        ("| true", ("show", "nobody"), 2),
        (">/dev/full", ("status",), 0),
        (">/dev/full", ("runs", "--json"), 0),
        (">/dev/full 2>&1", ("nonsense", "--json"), 2),
        (">/dev/full", ("--help",), 0),
        (">&-", ("status",), 0),
        (">&- 2>&-", ("show", "nobody"), 2),
        ("<&- >&- 2>&-", ("runs",), 0),
    ],
)
def test_output_that_cannot_be_written_leaves_the_exit_code(bare, redirection, words, code):
    ended = in_shell(bare, redirection, *words)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_closed_stream_takes_no_file_for_its_own(tmp_path, bare):
    """The database would be the first file that is opened, and take what is printed."""
    url = f"sqlite:///{tmp_path}/new.db"
    ended = in_shell(bare, "<&- >&-", "runs", FUSION_STORAGE__URL=url)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert query(url, "pragma integrity_check") == [("ok",)]


def test_closed_input_is_none(bare):
    ended = in_shell(bare, "<&-", "status")
    assert (ended.returncode, NOTHING_LIVE in ended.stdout) == (0, True)


@pytest.mark.parametrize("locale", [ASCII, LATIN, PLAIN_LOCALE], ids=["ascii", "latin-1", "C"])
def test_output_is_utf_8_in_every_locale(bare, locale):
    ended = in_shell(bare, "", "runs", **locale)
    assert (ended.returncode, "─" in ended.stdout) == (0, True), ended.stderr


def test_a_slow_reader_of_a_pipe_that_must_not_wait_gets_everything(bare):
    """A pipe that answers "not now" while it is full, as those of some programs do."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    size = 65_536
    filled = os.write(writes, b"." * size)
    with subprocess.Popen(
        command("runs", "--json"), cwd=bare, env=environment(), stdout=writes
    ) as process:
        os.close(writes)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        with os.fdopen(reads, "rb") as pipe:
            text = pipe.read()
    assert process.returncode == 0
    assert text[filled:] == b"[]\n"


def test_bars_and_tables_on_a_terminal_of_another_locale(own_shop):
    """What it cannot write would end the verb, or the thread that draws bars, which then hangs."""
    code, shown = _at_a_terminal(own_shop, "train", **LATIN)
    assert code == 0, shown
    assert "Traceback" not in shown


def test_a_person_reads_an_alert_once_and_sees_that_monitoring_goes_on(own_shop):
    """Its line of the log would say the same above the result."""
    take_more(own_shop)
    assert fusion(own_shop, "run").code in (0, 4)
    piped = fusion(own_shop, "monitor", "--json")
    (alert,) = [one for one in piped.json["alerts"] if one["subject"] == "users"]
    assert f"WARNING flows.steps.watch.run_alerts alert subject={alert['subject']}" in piped.err
    code, shown = _at_a_terminal(own_shop, "monitor")
    assert code == 4, shown
    assert shown.count("of 3 columns of users have drifted") == 1
    assert "WARNING" not in shown
    # the name of the step, beside its bar
    assert "monitor \x1b" in shown


def _at_a_terminal(folder, *words: str, **env: str) -> tuple[int, str]:
    """Call `fusion` as a person does; returns the exit code and all that stood on the screen."""
    own, other = pty.openpty()
    with subprocess.Popen(
        command(*words),
        cwd=folder,
        env=environment(**env, TERM="xterm"),
        stdin=other,
        stdout=other,
        stderr=other,
    ) as process:
        os.close(other)
        shown = _read_all(own, process)
    return process.wait(10), shown


def _read_all(terminal: int, process: subprocess.Popen[bytes]) -> str:
    shown = b""
    while process.poll() is None or select.select([terminal], [], [], 0)[0]:
        if not select.select([terminal], [], [], 60)[0]:
            process.kill()
            pytest.fail(f"nothing for a minute after {shown!r}")
        try:
            shown += os.read(terminal, 65_536)
        except OSError:  # Linux says so where the other side is closed
            break
    os.close(terminal)
    return shown.decode()


def test_a_published_run_ends_as_published_whatever_became_of_its_words(own_shop):
    moves = "select count(*), max(to_run_no) from slot_move"
    before = query(database(own_shop), moves)[0]
    ended = in_shell(own_shop, "2>/dev/full | true", "run", **ASCII)
    # 4: published, with an alert
    assert ended.returncode in (0, 4)
    assert query(database(own_shop), moves)[0] == (before[0] + 1, before[1] + 1)
