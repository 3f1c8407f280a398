"""Sentences of the policy, by code: what is stored is the code with its parameters beside them."""

from collections.abc import Mapping
from typing import Any

SENTENCES = {
    "forced": "{by} asked for it with --force",
    "forced_against": "{by} asked for it with --force, against: {instead}",
    "fault": "the data is broken ({causes}), and a training would learn from it: mend the data, "
    "or `fusion alerts ack {alert} --why TEXT`",
    "frozen": "placement {placement!r} is frozen until {until}: `fusion unfreeze` ends it",
    "challenger": "run {run} waits for approval: `fusion approve {run}` or `fusion reject --why "
    "TEXT` comes first",
    "cooldown": "run {run} was trained {ago_hours} ago; the cool-down is {cooldown} hours",
    "backoff": "trainings refused or failed in a row: {failed}, the newest run {run} {ago_hours} "
    "ago; the next one waits for {wait_hours}",
    "quiet": "it is {local} in {timezone}, within the quiet hours {span}",
    "no_new_data": "{new_events} events have arrived since the data of live run {run} ends, and "
    "min_new_events is {minimum}",
    "first": "nothing is live in placement {placement!r} yet",
    "quality": "realised NDCG@10 of live run {run} lies {shortfall_share} below what was promised",
    "drift": "the world moved since the data of live run {run} ends: {causes}",
    "coverage": "{share} of the events since the data of live run {run} ends are {whose}",
    "catalogue_turnover": "items gone or arrived are {share} of those that live run {run} knew",
    "new_events": "{new_events} events have arrived since the data of live run {run} ends, "
    "{share} of those before",
    "age_passed": "live run {run} was trained {age_hours} ago, which has passed max_age of "
    "{max_age} days",
    "age_within": "live run {run} was trained {age_hours} ago, which is within max_age of "
    "{max_age} days",
    "age_ahead": "{ahead}. It counts as too old",
}
"""What each code says; parameters that end in `_hours` are lengths of time, and those that end in
`share` are shares."""


def sentence(code: str, parameters: Mapping[str, Any]) -> str:
    """Write the sentence of an answer.

    Args:
        code: of `SENTENCES`.
        parameters: what stands in its braces; `also` names other reasons, `note` says what could
            not be known.

    Returns:
        One sentence without its full stop.
    """
    shown = {name: _shown(name, value) for name, value in parameters.items()}
    words = SENTENCES[code].format(**shown)
    if parameters.get("also"):
        words += f" (also: {', '.join(parameters['also'])})"
    if parameters.get("note"):
        words += f". {parameters['note']}"
    return words


def _shown(name: str, value: Any) -> Any:
    if name.endswith("_hours"):
        return readable(value)
    if name.endswith("share"):
        return f"{value:.1%}"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else value


def readable(hours: float) -> str:
    """Write a length of time in the largest unit that says something.

    Args:
        hours: its length; negative ones, of clocks that differ by seconds, count as 0.

    Returns:
        Such as "2.5 days", "3.0 hours" or "20 min".
    """
    length = max(0.0, hours)
    if length >= 48:
        return f"{length / 24:.1f} days"
    if length >= 1:
        return f"{length:.1f} hours"
    return f"{length * 60:.0f} min"
