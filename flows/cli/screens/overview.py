"""What the command line shows people: tables that line up, one screen a verb."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dashboards.measures.drift import drifted_shares
from flows.steps.lookup import frozen_until
from flows.steps.train.metric_rows import route_lines
from fusion.core.findings import Finding
from storage.schema.row_objects import LiveRun, RunRow

if TYPE_CHECKING:  # what trains takes seconds to import, and most verbs only look
    from flows.steps.publish.publish import Published
    from flows.steps.retrain.loop import Outcome
    from flows.steps.watch.monitor import Monitored
NEVER_CUT = ("run", "row", "item", "status", "method")
"""Columns that a narrow terminal must not break: what people copy."""
OPTIMISTIC = {
    "last": "sources saw other users' later events",
    "random": "what is held out is not later than what is known, so nothing here predicts a future",
}


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table; columns whose heading ends in `>` are set right."""
    made = Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False
    )
    for column in columns:
        made.add_column(
            column.rstrip(">"),
            justify="right" if column.endswith(">") else "left",
            no_wrap=column in NEVER_CUT,
        )
    return made


def when(moment: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"


def outcome(console: Console, done: "Outcome") -> None:
    """What a turn of the loop did."""
    if done.due:
        console.print(
            f"{'Due' if done.due.due else 'Not due'} ({done.due.trigger}): {escape(done.due.reason)}"
        )
    if done.trained:
        verdict(console, done.trained.manifest)
    if done.monitored:
        monitored(console, done.monitored)
    if done.published and done.trained:
        how = "yellow]Held" if done.published.held else "green]Published"
        console.print(
            f"\n[bold {how}[/] {_lists_by(done.published.run_id, done.trained.manifest['method'])}."
        )
        if done.published.held:
            console.print(moved(done.published), markup=False)
        if done.monitor_error:
            told = f"{done.monitor_error.removesuffix('.')}. `fusion monitor {done.published.run_id}` repeats it."
            console.print(f"[bold yellow]Not monitored[/]: {escape(told)}")
    for refusal in done.refusals:
        console.print(f"\n[bold red]Refused[/] {escape(refusal)}")
    if done.refusals:
        console.print("What was live is still live.")


def moved(done: "Published") -> str:
    """What a move of a slot did, and what comes next."""
    if done.held:
        before = (
            f"It takes the place of run {done.replaced}, which waited there.\n"
            if done.replaced
            else ""
        )
        return (
            f"Challenger: run {done.run_id}; live is unchanged. {before}Next: fusion diff live challenger, then\n"
            f"fusion approve {done.run_id}, or fusion reject --why TEXT."
        )
    before = (
        f" instead of {done.move.from_run_id}" if done.move.is_new and done.move.from_run_id else ""
    )
    return f"Live: run {done.run_id}{before}."


def verdict(console: Console, manifest: dict[str, Any]) -> None:
    """Every row's figures on the verdict fold beside each other, best first, and the sources that sat out."""
    report = manifest["verdict"]
    split = report["split"]
    title = f"Verdict on {report['users']:,} users, split by {split['kind']}"
    title += f", windows of {split['window']} days" if split["window"] else ""
    made = table(
        "",
        "row",
        "NDCG@10>",
        "95 % interval",
        "recall@20>",
        "hit@10>",
        "coverage@10>",
        "found>",
        "alone>",
        title=title,
    )
    rows = sorted(report["rows"].items(), key=lambda row: -row[1]["ndcg@10"]["value"])
    for name, row in rows:
        found = report["found"]["sources"].get(name)
        made.add_row(
            "→" if name == report["chosen"] else "",
            name,
            f"{row['ndcg@10']['value']:.4f}",
            f"{row['ndcg@10']['low']:.4f} – {row['ndcg@10']['high']:.4f}",
            f"{row['recall@20']['value']:.4f}",
            f"{row['hit@10']['value']:.4f}",
            f"{report['lists'][name]['coverage@10']:.4f}",
            f"{found['share']:.1%}" if found else "",
            str(found["unique"]) if found else "",
        )
    console.print(made)
    gap = report["difference"]
    console.print(
        f"→ {report['chosen']} is chosen: {report['reason']}.\n"
        f"  ranker minus {report['rival']}: {gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]; "
        f"what is chosen, judged by users who did not choose it: {report['reported']['value']:.4f}."
    )
    console.print(
        f"  found: labels a source proposed, of {report['found']['ceiling']:.1%} found by any; alone: by no other."
    )
    for line in route_lines(report):
        console.print(f"  {escape(line)}")
    if split["optimistic"]:
        console.print(f"  [yellow]The split is optimistic[/]: {OPTIMISTIC[split['kind']]}.")
    for source in manifest["sources"]:
        if source["status"] != "used":
            console.print(f"  [yellow]{source['name']}[/] {escape(source['status'])}")


def monitored(console: Console, seen: "Monitored") -> None:
    """Drift, stability and alerts in a few lines, with the files to open."""
    shares = ", ".join(
        f"{subject} {share:.0%}" for subject, share in drifted_shares(list(seen.drift))
    )
    console.print(f"\nDrifted columns: {shares}.")
    if seen.stability:
        console.print(f"Lists against run {seen.against}: {likeness(seen.stability.value)}.")
    else:
        console.print("Lists: the first run of this placement, there is nothing to compare with.")
    for alert in seen.alerts:
        console.print(f"[bold yellow]Alert[/] {escape(alert.message)}")
    console.print(
        f"Reports: {seen.files.drift_html.parent}/drift.html, stability.html", markup=False
    )


def likeness(value: Any) -> str:
    """How alike lists are, beside what chance alone gives where that was measured."""
    words = []
    for name, title in (("jaccard", "Jaccard@10"), ("rbo", "rank-biased overlap")):
        found, chance = value(name), value(f"{name}_chance")
        if found is not None:
            words.append(
                f"{title} {found:.2f}"
                + (f" (chance alone: {chance:.2f})" if chance is not None else "")
            )
    return ", ".join(words) or "no user has a list in both"


def findings(console: Console, found: Sequence[Finding]) -> None:
    """Every finding with its count, examples and cure."""
    for one in found:
        colour = "red" if one.severity == "error" else "yellow"
        what = f"[bold {colour}]{one.severity}[/] [bold]{one.code}[/]"
        console.print(f"{what} ({escape(one.subject)}, {one.count:,}): {escape(one.message)}")
        for example in one.examples:
            console.print(
                "    " + escape(", ".join(f"{key}={value!r}" for key, value in example.items()))
            )
        console.print(f"    [dim]{escape(one.cure)}[/]")
    errors = sum(one.severity == "error" for one in found)
    console.print(f"{errors} errors, {len(found) - errors} warnings.")


def live(console: Console, placement: str, shown: LiveRun | None) -> None:
    """What is live in a placement and since when."""
    if shown is None:
        console.print(
            f"Nothing is live in placement {placement!r}. `fusion run` trains and publishes.",
            markup=False,
        )
        return
    run = shown.run
    console.print(
        f"Live in placement {escape(repr(placement))}: {_lists_by(run.run_id, run.method)}."
    )
    console.print(_move(shown), markup=False)
    console.print(f"  data known until {when(run.as_of)} UTC, trained {when(run.created_at)} UTC")
    if run.verdict:
        reported = run.verdict["reported"]
        console.print(
            f"  NDCG@10 {reported['value']:.4f} [{reported['low']:.4f}, {reported['high']:.4f}] before it went live"
        )
    if frozen_until(shown):
        console.print(
            f"  [yellow]frozen until {when(shown.frozen_until)} UTC[/]; `fusion unfreeze` ends it"
        )


def challenger(console: Console, waiting: LiveRun | None) -> None:
    """What waits for approval in a placement; nothing when nothing does."""
    if waiting:
        console.print(f"Challenger: {_lists_by(waiting.run.run_id, waiting.run.method)}.")
        console.print(_move(waiting), markup=False)
        console.print(
            "  Next: fusion diff live challenger, then fusion approve or fusion reject --why TEXT"
        )


def _lists_by(run_id: str, method: str | None) -> str:
    return f"run [bold]{run_id}[/], lists by {escape(str(method))}"


def _move(shown: LiveRun) -> str:
    return f"  since {when(shown.since)} UTC, by {shown.by}: {shown.reason or ''}"


def run_list(console: Console, found: Iterable[RunRow], live_run_no: int | None) -> None:
    """Runs, newest first."""
    made = table("", "run", "status", "method", "as of", "trained", "NDCG@10>")
    for run in found:
        figure = f"{run.verdict['reported']['value']:.4f}" if run.verdict else ""
        mark = "→" if run.run_no == live_run_no else ""
        method = escape(run.method or "")
        made.add_row(
            mark, run.run_id, run.status, method, when(run.as_of), when(run.created_at), figure
        )
    console.print(made)


def user_list(console: Console, user: str, rows: pl.DataFrame) -> None:
    """A user's list with titles and reasons."""
    list_title(console, user, rows)
    made = table("rank>", "item", "title", "why")
    for row in rows.iter_rows(named=True):
        by = f" ({row['source']} {row['source_rank']})" if row.get("source") else ""
        texts = (row["item_id"], row.get("title") or "", (row.get("reason") or "") + by)
        made.add_row(str(row["rank"]), *map(escape, texts))
    console.print(made)


def list_title(console: Console, user: str, rows: pl.DataFrame) -> None:
    """Whose list it is, by which run, and how the user is served."""
    first = rows.row(0, named=True)
    title = f"User {user}: run {first['run_id']}, {first['route']}, data until {when(first['as_of'])} UTC"
    console.print(title, markup=False, style="bold", soft_wrap=True)


def summary(done: "Outcome") -> dict[str, Any]:
    """A turn of the loop for machines."""
    trained, seen = done.trained, done.monitored
    return {
        "exit_code": done.exit_code,
        "due": done.due,
        "run": {
            "id": trained.run_id,
            "status": trained.status,
            "method": trained.manifest["method"],
        }
        if trained
        else None,
        "published": done.published is not None and not done.published.held,
        "held": done.published is not None and done.published.held,
        "replaced": done.published.replaced if done.published else None,
        "refusals": done.refusals,
        "verdict": trained.manifest["verdict"] if trained else None,
        "monitor": watched(seen) if seen else None,
        "monitor_error": done.monitor_error,
        "pruned": [run.run_id for run in done.pruned.runs] if done.pruned else None,
    }


def watched(seen: "Monitored") -> dict[str, Any]:
    """What monitoring found, for machines."""
    return {
        "run": seen.run_id,
        "against": seen.against,
        "report": str(seen.files.drift_html.parent),
        "drift": seen.drift,
        "stability": seen.stability.rows() if seen.stability else None,
        "alerts": seen.alerts,
    }
