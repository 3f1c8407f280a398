"""A pytest plugin: moments of faults, as tests note them, are counted at the end by their kinds.

A test that kills, stops or fills something says so as it does it:

    def test_a_killed_run(moment):
        ...
        moment("run killed", seconds)

A note goes with the report of its test, so that it comes from another process (`-n 2`) and from a
test that failed as well. A session without any says nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain

import pytest

PROPERTY = "moment of a fault"
_AFTER = " after "
Note = Callable[..., None]
"""Takes a kind of fault, and after how many seconds it came, where somebody chose them."""


@pytest.fixture
def moment(record_property: Callable[[str, object], None]) -> Note:
    """Note a moment of a fault: its kind, and the seconds of its work before it came."""

    def note(kind: str, seconds: float | None = None) -> None:
        after = "" if seconds is None else f"{_AFTER}{seconds:.2f} s"
        record_property(PROPERTY, f"{kind}{after}")

    return note


def kinds_of(reports: Iterable[object]) -> Counter[str]:
    """Count the moments of each kind.

    Args:
        reports: of tests, with all that a terminal keeps besides. What a test noted stands in the
            report of its last phase as a whole.
    """
    return Counter(
        note.partition(_AFTER)[0]
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "teardown"
        for name, note in report.user_properties
        if name == PROPERTY
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many moments of faults there were, and how many of each kind."""
    kinds = kinds_of(chain.from_iterable(terminalreporter.stats.values()))
    if kinds:
        each = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        terminalreporter.write_line(f"moments of faults: {kinds.total()}; {each}")
