"""The screens of `fusion check` and `fusion db`: what is wrong, and what to do about it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.removal import readable_size
from flows.visible_text import one_line
from fusion.core.findings import Finding
from storage.database.errors import DAMAGE_CURE
from storage.reading.database_status import DatabaseStatus


def print_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Show every finding with its count, examples and cure.

    Args:
        console: where to show them.
        findings: in the order to show them.
    """
    for finding in findings:
        _print_finding(console, finding)
    errors = sum(finding.severity == "error" for finding in findings)
    console.print(f"{errors} errors, {len(findings) - errors} warnings.")


def _print_finding(console: Console, finding: Finding) -> None:
    colour = "red" if finding.severity == "error" else "yellow"
    kind = f"[bold {colour}]{finding.severity}[/] [bold]{finding.code}[/]"
    subject, message = escape(one_line(finding.subject)), escape(one_line(finding.message))
    console.print(f"{kind} ({subject}, {finding.count:,}): {message}")
    for example in finding.examples:
        values = ", ".join(f"{key}={value!r}" for key, value in example.items())
        console.print("    " + escape(one_line(values)))
    console.print(f"    [dim]{escape(finding.cure)}[/]")


def print_database(console: Console, status: DatabaseStatus, upgraded_from: str | None) -> None:
    """Show the state of a database.

    Args:
        console: where to show it.
        status: of the database.
        upgraded_from: the revision before an upgrade; None where there was none, or no upgrade.
    """

    def _say(sentence: str) -> None:
        console.print(sentence, markup=False, soft_wrap=True)

    schema = f", schema {status.schema}" if status.schema else ""
    _say(f"Database {status.url}{schema}")
    _say(f"  {_describe_revision(status, upgraded_from)}")
    if status.bytes is not None:
        _say(f"  {readable_size(status.bytes)}")
    for name in status.missing:
        _say(f"  missing: {name}")
    for bad in status.bad_rows:
        _say(f"  {bad.table}, {bad.row}: {bad.problem}")
    if status.foreign:
        _say(f"  not of fusion: {', '.join(status.foreign)}")
    if status.missing:
        _say(f"Damaged. {DAMAGE_CURE.partition('. ')[2]}")
    elif status.bad_rows:
        _say("Damaged. Restore these rows from a backup, or correct them by hand.")


def _describe_revision(status: DatabaseStatus, upgraded_from: str | None) -> str:
    """Say which revision the tables have, and what to do where it is another than the code's."""
    if status.revision is None and status.missing:
        return "no revision, though tables of fusion are there"
    if status.revision is None:
        return "no tables yet: `fusion run` or `fusion db upgrade` makes them"
    if status.revision == status.code_revision:
        more = f", upgraded from {upgraded_from}" if upgraded_from else ""
        return f"revision {status.revision}, which this version needs{more}"
    needed = f"revision {status.revision}; this version of fusion needs {status.code_revision}"
    if status.is_older:
        return f"{needed}: `fusion db upgrade` brings it there"
    return f"{needed}: install the version that made it, or name another database"
