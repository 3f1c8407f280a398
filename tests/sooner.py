"""A pytest plugin: the longest files come first, and a failure is printed as it happens.

Several processes take a file each (`make test`): a long one that came last would be waited for by
all the others. `--no-loadscope-reorder` keeps the order that is made here.
"""

import pytest

LONGEST = (
    "tests/fusion/training/test_pipeline.py",
    "tests/fusion/training/test_no_leak.py",
    "tests/flows/rules/test_every_rule.py",
    "tests/flows/cli/test_verbs.py",
    "tests/flows/test_streams.py",
    "tests/fusion/models/test_contract.py",
    "tests/flows/cures/test_findings.py",
    "tests/flows/cures/test_refusals.py",
    "tests/flows/databases/test_damage.py",
    "tests/fusion/models/adaptation/test_adapt.py",
    "tests/flows/steps/test_slots.py",
    "tests/flows/steps/test_loop.py",
    "tests/flows/cures/test_refusals_of_runs.py",
    "tests/flows/extras/test_extras.py",
    "tests/fusion/training/elsewhere/test_same_lists.py",
    "tests/flows/steps/test_erase.py",
)
"""Files that take the most seconds; a long one that is not named here only comes later."""


@pytest.hookimpl(trylast=True)  # after fixtures have grouped the tests that share one
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first, and leave the others, and the tests of a file, in order."""
    places = {config.rootpath / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


class Failures:
    """Prints each failure as it happens; the end of the session tells it in full."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self.terminal = terminal

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the name of a test that failed, and where and why."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            why = f"{crash.path}:{crash.lineno}: {crash.message}" if crash else report.longreprtext
            self.terminal.ensure_newline()
            self.terminal.write_line(f"FAILED {report.nodeid} ({report.when})")
            self.terminal.write_line(why)


@pytest.hookimpl(trylast=True)  # after pytest has made its own reporter
def pytest_configure(config: pytest.Config) -> None:
    """Listen where there is a terminal to print to: workers have none."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.register(Failures(terminal), "failures-sooner")
