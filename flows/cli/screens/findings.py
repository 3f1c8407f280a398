"""The screen of `fusion check`: what is wrong or odd, and what to do about it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from flows.cli.terminal_text import one_line
from fusion.core.findings import Finding


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
