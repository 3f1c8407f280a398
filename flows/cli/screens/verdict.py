"""The verdict on the terminal: every row's metrics side by side, and what was chosen."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dashboards.language.catalogue import marked
from flows.cli.options.language import say, told
from flows.cli.screens.tables import paragraph, plain_table
from flows.steps.train.verdict_lines import (
    cold_user_lines,
    exposure_lines,
    limit_lines,
    promise_lines,
    segment_lines,
)

OPTIMISTIC = {
    "last": marked("sources saw other users' later events"),
    "random": marked(
        "what is held out is not later than what is known, so nothing here predicts a future"
    ),
}
"""Reasons why figures of a kind of split are higher than what customers will see."""
HEADINGS = (
    "",
    marked("row"),
    marked("NDCG@10>"),
    marked("95 % interval"),
    marked("recall@20>"),
    marked("hit@10>"),
    marked("coverage\n@10>"),
    marked("labels\nproposed>"),
    marked("by it\nalone>"),
)
"""Headings of the table; in two lines where that keeps it within 100 columns."""
WIDE = 100
LEFT_OUT = frozenset(("hit@10>", "coverage\n@10>"))
"""Columns that a narrower console leaves out: they decide nothing."""
SOURCE_HEADINGS = (
    marked("row"),
    marked("adds to\nNDCG@10>"),
    marked("95 % interval"),
    marked("its cost\nasks for>"),
    marked("fits, s>"),
    "",
)
"""Headings of the table of what sources add."""
RANKER = "ranker"
"""Row that is shown even where it found nothing."""
HIDDEN_HEADINGS = (
    marked("row"),
    marked("among\nthem>"),
    marked("95 % interval"),
    marked("among\nall items>"),
)
"""Headings of the table of hidden items."""
NO_EFFECT = marked("The ranker does not use the prior %(name)s.")
ITEMS_GAIN = marked(
    "By the prior %(name)s items gain; it makes %(share)s of what the ranker learned."
)
ITEMS_LOSE = marked(
    "By the prior %(name)s items lose; it makes %(share)s of what the ranker learned."
)
HIDING, ASKING = "hidden items", "contributions of sources"
"""Steps whose cost is shown, as the manifest's `seconds` name them."""


def print_verdict(console: Console, manifest: Mapping[str, Any]) -> None:
    """Show the metrics on the verdict fold, what is chosen and why, and sources that were left out.

    Args:
        console: where to show it.
        manifest: of the run.
    """
    report = manifest["verdict"]
    console.print(_metrics_table(report, set() if console.width >= WIDE else LEFT_OUT))
    _print_contributions(console, manifest)
    if hidden := report.get("cold_items"):
        console.print(_hidden_items_table(hidden))
        _print_share_of_steps(console, manifest.get("seconds", {}))
    for mark, line in _choice_lines(report):
        console.print(paragraph(mark, line))
    limited = (manifest.get("rules") or {}).get("exposure", [])
    exposed = [*exposure_lines(manifest.get("exposure", {})), *limit_lines(report, limited)]
    promised = [*promise_lines(report), *_estimate_lines(manifest.get("estimate", {}))]
    priors = _prior_lines(manifest.get("priors", []))
    cold = cold_user_lines(manifest.get("cold_users", {}))
    for line in (*priors, *promised, *segment_lines(report), *cold, *exposed):
        console.print(paragraph("  ", told(line)))
    split = report["split"]
    if split["optimistic"]:
        title = say("The split is optimistic")
        console.print(f"  [yellow]{title}[/]: {say(OPTIMISTIC[split['kind']])}.")
    for source in manifest["sources"]:
        if source["status"] != "used":
            console.print(f"  [yellow]{source['name']}[/] {escape(told(source['status']))}")


def _estimate_lines(estimate: Mapping[str, Any]) -> list[str]:
    """Say what the lists are expected to be worth; nothing where it was not estimated."""
    if not estimate:
        return []
    everybody = estimate["segments"]["all"]
    figures = {name: _expected(figure) for name, figure in everybody["figures"].items()}
    line = say(
        "Estimated of the lists, for %(users)s users who come back within %(days)s days: "
        "NDCG@10 %(ndcg)s, precision@10 %(precision)s, DCG@10 %(dcg)s.",
        users=f"{everybody['users']:,.0f}",
        days=estimate["days"],
        **figures,
    )
    return [line]


def _prior_lines(priors: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of each prior in which direction and how much it counts."""
    lines = []
    for prior in priors:
        effect, share = prior["effect"], f"{prior['importance']:.1%}"
        said = NO_EFFECT if not effect else ITEMS_GAIN if effect > 0 else ITEMS_LOSE
        lines.append(say(said, name=prior["name"], share=share))
    return lines


def _expected(figure: Mapping[str, Any]) -> str:
    """Write a figure, with its interval where it has one."""
    interval = "" if figure["low"] is None else f" [{figure['low']:.4f}, {figure['high']:.4f}]"
    return f"{figure['value']:.4f}{interval}"


def _metrics_table(report: Mapping[str, Any], left_out: Set[str]) -> Table:
    """Make the table of rows (ranker, blend, sources, random), best NDCG@10 first."""
    headings = [heading for heading in HEADINGS if heading not in left_out]
    table = plain_table(*headings, title=_title(report))
    # Best first, though the chosen row need not be the first of them.
    rows = sorted(report["rows"].items(), key=lambda row: -row[1]["ndcg@10"]["value"])
    for name, metrics in rows:
        ndcg = metrics["ndcg@10"]
        # The ranker, the blend and random propose nothing of their own.
        proposed = report["found"]["sources"].get(name)
        cells = (
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
        shown = zip(HEADINGS, cells, strict=True)
        table.add_row(*(cell for heading, cell in shown if heading not in left_out))
    return table


def _hidden_items_table(hidden: Mapping[str, Any]) -> Table:
    """Make the table of rows by how they rank items that no fit had seen, best first."""
    title = say(
        "%(items)s items hidden from fits, NDCG@10 of %(users)s users",
        items=f"{hidden['items']:,}",
        users=f"{hidden['hidden']['users']:,}",
    )
    table = plain_table(*HIDDEN_HEADINGS, title=title)
    alone, among = hidden["hidden"]["rows"], hidden["catalogue"]["rows"]
    for name, row in sorted(alone.items(), key=lambda row: -row[1]["ndcg@10"]["value"]):
        ndcg = row["ndcg@10"]
        # Sources that know nothing of such items have empty lists of them.
        if ndcg["value"] > 0 or name == RANKER:
            table.add_row(
                name,
                f"{ndcg['value']:.4f}",
                f"{ndcg['low']:.4f} – {ndcg['high']:.4f}",
                f"{among[name]['ndcg@10']['value']:.4f}",
            )
    for name in hidden.get("not_asked", []):
        table.add_row(name, "", say("not asked: a further fit is too dear"), "")
    return table


def _print_share_of_steps(console: Console, seconds: Mapping[str, float]) -> None:
    """Say what judging hidden items cost; nothing where no step was timed."""
    if HIDING in seconds:
        share = f"{seconds[HIDING] / sum(seconds.values()):.0%}"
        console.print(
            paragraph("  ", say("Judging them took %(share)s of all steps.", share=share))
        )


def _title(report: Mapping[str, Any]) -> str:
    split = report["split"]
    users = f"{report['users']:,}"
    title = say("Verdict on %(users)s users, split by %(kind)s", users=users, kind=split["kind"])
    if split["window"]:
        title += say(", windows of %(days)s days", days=split["window"])
    return title


def _choice_lines(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say what is chosen and why, by how much, and how many labels there were candidates for."""
    # The figure of the chosen row flatters it: it was picked as the best. `reported` is
    # cross-fitted and does not.
    gap = report["difference"]
    interval = f"[{gap['low']:+.4f}, {gap['high']:+.4f}]"
    chosen = say(
        "%(row)s is chosen: %(reason)s.", row=report["chosen"], reason=told(report["reason"])
    )
    difference = say(
        "ranker minus %(rival)s: %(figure)s; "
        "what is chosen, judged by users who did not choose it: %(reported)s.",
        rival=report["rival"],
        figure=f"{gap['value']:+.4f} {interval}",
        reported=f"{report['reported']['value']:.4f}",
    )
    share = f"{report['found']['ceiling']:.1%}"
    ceiling = say("All sources together proposed %(share)s of the labels.", share=share)
    return [("→ ", chosen), ("  ", difference), ("  ", ceiling)]


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
    title = say("What sources add on label folds, asked in %(seconds)s s", seconds=f"{cost:.0f}")
    if whole := sum(seconds.values()):
        title += say(", %(share)s of all steps", share=f"{cost / whole:.0%}")
    table = plain_table(*SOURCE_HEADINGS, title=title)
    for source in sorted(asked, key=lambda source: -source["contribution"]["value"]):
        row = source["contribution"]
        table.add_row(
            source["name"],
            f"{row['value']:+.4f}",
            f"{row['low']:+.4f} – {row['high']:+.4f}",
            f"{row['margin']:.4f}",
            f"{source['seconds']:.1f}",
            "" if source["status"] == "used" else say("left out"),
        )
    return table
