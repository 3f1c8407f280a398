"""The verdict on the terminal: every row's metrics side by side, and what was chosen."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.cli.screens.tables import plain_table
from flows.steps.train.verdict_lines import segment_lines

OPTIMISTIC = {
    "last": "sources saw other users' later events",
    "random": "what is held out is not later than what is known, so nothing here predicts a future",
}
"""Reasons why figures of a kind of split are higher than what customers will see."""

HEADINGS = (
    "",
    "row",
    "NDCG@10>",
    "95 % interval",
    "recall@20>",
    "hit@10>",
    "coverage\n@10>",
    "labels\nproposed>",
    "by it\nalone>",
)
"""Headings of the table; in two lines where that keeps it within 100 columns."""

SOURCE_HEADINGS = (
    "row",
    "adds to\nNDCG@10>",
    "95 % interval",
    "its cost\nasks for>",
    "fits, s>",
    "",
)
"""Headings of the table of what sources add."""
ASKING = "contributions of sources"
"""The step of a run that asks what sources add, as the manifest's `seconds` name it."""


def print_verdict(console: Console, manifest: Mapping[str, Any]) -> None:
    """Show the metrics on the verdict fold, what is chosen and why, and sources that were left out.

    Args:
        console: where to show it.
        manifest: of the run.
    """
    report = manifest["verdict"]
    console.print(_metrics_table(report))
    _print_contributions(console, manifest)
    for line in _choice_lines(report):
        console.print(line)
    for line in segment_lines(report):
        console.print(f"  {escape(line)}")
    split = report["split"]
    if split["optimistic"]:
        console.print(f"  [yellow]The split is optimistic[/]: {OPTIMISTIC[split['kind']]}.")
    for source in manifest["sources"]:
        if source["status"] != "used":
            console.print(f"  [yellow]{source['name']}[/] {escape(source['status'])}")


def _metrics_table(report: Mapping[str, Any]) -> Table:
    """Make the table of rows (ranker, blend, sources, random), best NDCG@10 first."""
    table = plain_table(*HEADINGS, title=_title(report))
    # Best first, though the chosen row need not be the first of them.
    rows = sorted(report["rows"].items(), key=lambda row: -row[1]["ndcg@10"]["value"])
    for name, metrics in rows:
        ndcg = metrics["ndcg@10"]
        # The ranker, the blend and random propose nothing of their own.
        proposed = report["found"]["sources"].get(name)
        table.add_row(
            "→" if name == report["chosen"] else "",
            name,
            f"{ndcg['value']:.4f}",
            f"{ndcg['low']:.4f} – {ndcg['high']:.4f}",
            f"{metrics['recall@20']['value']:.4f}",
            f"{metrics['hit@10']['value']:.4f}",
            f"{report['lists'][name]['coverage@10']:.4f}",
            f"{proposed['share']:.1%}" if proposed else "",
            str(proposed["unique"]) if proposed else "",
        )
    return table


def _title(report: Mapping[str, Any]) -> str:
    split = report["split"]
    title = f"Verdict on {report['users']:,} users, split by {split['kind']}"
    if split["window"]:
        title += f", windows of {split['window']} days"
    return title


def _choice_lines(report: Mapping[str, Any]) -> list[str]:
    """Say what is chosen and why, by how much, and how many labels there were candidates for."""
    # The figure of the chosen row flatters it: it was picked as the best. `reported` is
    # cross-fitted and does not.
    gap = report["difference"]
    interval = f"[{gap['low']:+.4f}, {gap['high']:+.4f}]"
    difference = f"ranker minus {report['rival']}: {gap['value']:+.4f} {interval}"
    reported = report["reported"]["value"]
    ceiling = report["found"]["ceiling"]
    return [
        f"→ {report['chosen']} is chosen: {report['reason']}.",
        f"  {difference}; what is chosen, judged by users who did not choose it: {reported:.4f}.",
        f"  All sources together proposed {ceiling:.1%} of the labels.",
    ]


def _print_contributions(console: Console, manifest: Mapping[str, Any]) -> None:
    """Show what each source adds beside the seconds of its fits; nothing where nobody asked."""
    asked = [source for source in manifest["sources"] if source.get("contribution")]
    if not asked:
        return
    console.print(_sources_table(asked, manifest))


def _sources_table(asked: list[Mapping[str, Any]], manifest: Mapping[str, Any]) -> Table:
    """Make the table, what adds most first."""
    seconds = manifest.get("seconds", {})
    cost = seconds.get(ASKING, 0.0)
    whole = sum(seconds.values())
    share = f", {cost / whole:.0%} of all steps" if whole else ""
    title = f"What sources add on label folds, asked in {cost:.0f} s{share}"
    table = plain_table(*SOURCE_HEADINGS, title=title)
    for source in sorted(asked, key=lambda source: -source["contribution"]["value"]):
        row = source["contribution"]
        table.add_row(
            source["name"],
            f"{row['value']:+.4f}",
            f"{row['low']:+.4f} – {row['high']:+.4f}",
            f"{row['margin']:.4f}",
            f"{source['seconds']:.1f}",
            "" if source["status"] == "used" else "left out",
        )
    return table
