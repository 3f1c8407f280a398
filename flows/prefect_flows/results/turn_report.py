"""The result of a turn of the loop as Markdown, for an artifact of its flow run."""

from collections.abc import Mapping
from typing import Any

from flows.prefect_flows.results.markdown import bullets, plain
from flows.steps.publish.publish import Published
from flows.steps.retrain.answer import Due
from flows.steps.retrain.loop import Outcome
from flows.steps.train.train import TrainedRun
from flows.steps.watch.monitor import Monitored


def turn_report(outcome: Outcome) -> str:
    """Write what a turn of the loop came to, the conclusion first.

    Args:
        outcome: of the turn.

    Returns:
        Markdown.
    """
    parts = [f"**{_conclusion(outcome)}**"]
    if outcome.refusals:
        parts.append(bullets(outcome.refusals))
    if outcome.due:
        parts.append(_answer(outcome.due))
    if outcome.trained:
        parts.append(_verdict(outcome.trained.manifest))
    if outcome.monitored:
        parts.append(_monitoring(outcome.monitored))
    return "\n\n".join(parts) + "\n"


def training_report(trained: TrainedRun) -> str:
    """Write what a training came to.

    Args:
        trained: the run.

    Returns:
        Markdown.
    """
    return turn_report(Outcome(trained=trained, refusals=trained.refusals))


def _conclusion(outcome: Outcome) -> str:
    if outcome.refusals:
        return "Refused: nothing was published, live is unchanged"
    if outcome.published:
        return _publication(outcome.published)
    if outcome.trained:
        return f"Trained: run {outcome.trained.run_id} is ready"
    return "Not due: nothing was trained"


def _publication(published: Published) -> str:
    if published.is_challenger:
        return f"Held: run {published.run_id} waits for approval"
    return f"Published: run {published.run_id} is live"


def _answer(due: Due) -> str:
    """The policy's answer, and why."""
    answer = "due" if due.due else "not due"
    return f"Retraining was {answer} ({due.trigger}): {plain(due.reason)}"


def _verdict(manifest: Mapping[str, Any]) -> str:
    """Table of the verdict, best row first."""
    verdict = manifest["verdict"]
    lines = [
        f"NDCG@10 on {verdict['users']:,} users:",
        "",
        "| row | NDCG@10 | 95 % interval | |",
        "| --- | ---: | :---: | --- |",
    ]
    rows = sorted(verdict["rows"].items(), key=lambda row: -row[1]["ndcg@10"]["value"])
    for name, metrics in rows:
        ndcg = metrics["ndcg@10"]
        interval = f"{ndcg['low']:.4f} – {ndcg['high']:.4f}"
        chosen = "chosen" if name == verdict["chosen"] else ""
        lines.append(f"| {plain(name)} | {ndcg['value']:.4f} | {interval} | {chosen} |")
    return "\n".join(lines)


def _monitoring(monitored: Monitored) -> str:
    """Alerts, and where the report stands."""
    parts = ["No alert."]
    if monitored.alerts:
        parts = ["Alerts:", bullets([alert.message for alert in monitored.alerts])]
    return "\n\n".join([*parts, f"Report: `{monitored.files.drift_json.parent}`"])
