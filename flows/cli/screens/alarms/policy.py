"""The screen of `fusion retrain --explain`: the policy's answer, and every fact behind it."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from dashboards.language.catalogue import marked
from flows.cli.options.language import say, told
from flows.cli.screens.tables import plain_table
from flows.visible_text import one_line

if TYPE_CHECKING:
    from flows.steps.retrain.answer import Due, FactRow

LABELS = {
    "open_faults": marked("open faults in the data"),
    "frozen_hours": marked("hours that the placement stays frozen"),
    "challengers": marked("runs that wait for approval"),
    "cooldown_hours": marked("hours since the last training began"),
    "backoff_hours": marked("hours since a training was refused or failed"),
    "quiet_hours": marked("within quiet hours"),
    "min_new_events": marked("new events"),
    "live_runs": marked("live runs"),
    "quality": marked("realised NDCG@10 below the promise"),
    "drift": marked("changes that the live run does not know"),
    "coverage": marked("new events that the lists do not reach"),
    "catalogue_turnover": marked("items gone or arrived"),
    "new_events": marked("new events as a share of those before"),
    "age_days": marked("days since the live run was trained"),
}
"""Facts in words, by their names."""
SHARES = ("quality", "coverage", "catalogue_turnover", "new_events")
OF_TRAININGS = ("cooldown_hours", "backoff_hours")
"""Facts without a value where there was no such training."""
COMPARED = {
    **dict.fromkeys(("cooldown_hours", "backoff_hours", "min_new_events"), marked("below")),
    **dict.fromkeys(("frozen_hours",), marked("above")),
    "live_runs": marked("at most"),
}
"""How a fact is compared with its threshold; others count from it on."""
FROM = marked("from")


def print_policy(console: Console, due: "Due") -> None:
    """Show the policy's answer with the facts behind it.

    Args:
        console: where to show it.
        due: the answer.
    """
    answer = say("Due") if due.due else say("Not due")
    console.print(f"{answer} ({due.trigger}): {escape(one_line(told(due.reason)))}")
    headings = (marked("fact"), marked("value>"), marked("counts"), marked("in a row>"), "")
    titles = {"hold": say("What would hold a training back"), "trigger": say("What asks")}
    for role, title in titles.items():
        table = plain_table(*headings, title=title)
        for row in due.rows:
            if row.role == role:
                table.add_row(*_cells(row))
        console.print(table)
    sentence = say("Nothing was trained or written. `fusion retrain` acts.")
    console.print(sentence, markup=False)


def _cells(row: "FactRow") -> tuple[str, ...]:
    words = {"hold": f"[yellow]{say('holds')}[/]", "trigger": f"[green]{say('asks')}[/]"}
    word = words[row.role]
    counts = say("not enabled")
    if row.threshold is not None:
        how = COMPARED.get(row.fact, FROM)
        counts = f"{say(how)} {_number(row, row.threshold)}"
    in_a_row = ""
    if row.wanted > 1:
        in_a_row = say("%(times)s of %(wanted)s", times=row.times, wanted=row.wanted)
    return (
        say(LABELS[row.fact]),
        _number(row, row.value),
        counts,
        in_a_row,
        word if row.met else "-",
    )


def _number(row: "FactRow", value: float | None) -> str:
    if value is None:
        return say("none") if row.fact in OF_TRAININGS else say("not known")
    if row.fact in SHARES:
        return f"{value:.1%}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}"
