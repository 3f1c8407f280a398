"""The verdict by segment as lines for the terminal: routes, segments, new items, rating errors."""

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]
"""The verdict of a run, as `fusion.evaluation` writes it and `run.verdict` stores it."""

SHOWN_PLACES = 10
"""Places of the metric that is shown of a promise: a first screen."""
MAX_NAMED = 3
"""Segments named on a line: a screen of a hundred would hide the worst of them."""

WROTE = "what they wrote"
"""Words for queries among what a list comes from."""


def segment_lines(report: Report) -> list[str]:
    """Say how well each kind of user is served, and how new items fare.

    Args:
        report: the verdict.

    Returns:
        A line each for routes, segments, new items and predicted ratings, where there are any.
    """
    return [
        _route_line(report),
        *_segment_line(report),
        *_new_items_line(report),
        *_rating_line(report.get("weights")),
    ]


def promise_lines(report: Report) -> list[str]:
    """Say which NDCG@10 the lists are promised to have once they are served.

    Args:
        report: the verdict.

    Returns:
        One line; none for a split that is not by time, or a run of an older version.
    """
    promises = [
        promise
        for promise in report.get("promise", [])
        if (promise["name"], promise["k"]) == ("ndcg", SHOWN_PLACES)
    ]
    if not promises:
        return []
    parts = [_promise_part(promise) for promise in promises]
    return [f"Promised NDCG@{SHOWN_PLACES}: {'; '.join(parts)}."]


def exposure_lines(exposure: Report) -> list[str]:
    """Name the category groups that are shown most and least for the interest in them.

    Args:
        exposure: of item groups, from the manifest; empty for a run of an older version.

    Returns:
        One line; none where the items have fewer than two category groups with a ratio.
    """
    groups = [
        (figures["ratio"], name, figures)
        for name, figures in exposure.get("groups", {}).items()
        if "=" in name and figures["ratio"] is not None
    ]
    if len(groups) < 2:
        return []
    least, most = min(groups), max(groups)
    parts = [_exposure_part(name, figures) for _, name, figures in (most, least)]
    return [f"Exposure beside interest, of {len(groups)} item groups: {' to '.join(parts)}."]


def cold_user_lines(found: Report) -> list[str]:
    """Say how lists from attributes did on users whose history was hidden, and which lists serve.

    Args:
        found: `cold_users` of the manifest; empty where nobody could have such a list.

    Returns:
        Two lines, one where nothing was judged, none where nothing was looked at.
    """
    if not found:
        return []
    lines = []
    if found["gaps"]:
        ndcg = {name: _with_interval(row["ndcg@10"]) for name, row in found["rows"].items()}
        gap = found["gaps"]["fallback"]["ndcg@10"]
        ahead = f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}]"
        from_what = "attributes" if found.get("columns") else WROTE
        lines.append(
            f"Lists from {from_what}, by {found['users']:,} users whose history was hidden: "
            f"NDCG@10 {ndcg['attributes']}, fallback {ndcg['fallback']}, "
            f"popularity {ndcg['popularity']}; {ahead} over the fallback."
        )
    if found["serves"]:
        columns = "; ".join(lists_come_from(found))
        lines.append(f"{found['lists']:,} users without a history have a list from {columns}.")
    else:
        lines.append(f"The fallback serves users without a history: {found['reason']}.")
    return lines


def lists_come_from(found: Report) -> list[str]:
    """Say what lists of users without a history come from, for people.

    Args:
        found: `cold_users` of a manifest; empty where nobody could have such a list.

    Returns:
        The columns of the users file, and what these users wrote, as far as there is either.
    """
    columns = ", ".join(found.get("columns", ()))
    return [part for part in (columns, WROTE if found.get("wrote") else "") if part]


def limit_lines(verdict: Report, made: Sequence[Report]) -> list[str]:
    """Say what became of limits of exposure in the lists, and what they cost on the verdict fold.

    Args:
        verdict: of the run.
        made: what became of each limit, from the manifest's `rules`.

    Returns:
        A line for each limit, and one for the cost of all; none without a limit.
    """
    lines = []
    for one in made:
        asked = "kept" if one["kept"] else "not kept: candidates and other rules allow no better"
        lines.append(
            f"The {one['rule']}: {one['before']:.1%} without it, {one['share']:.1%} in the lists "
            f"of {one['users']:,} users; {asked}."
        )
    cost = verdict.get("limit_exposure")
    if cost:
        gap = cost["difference"]
        interval = f"[{gap['low']:+.4f}, {gap['high']:+.4f}]"
        lines.append(f"Limits of exposure change NDCG@10 by {gap['value']:+.4f} {interval}.")
    return lines


def _exposure_part(name: str, figures: Report) -> str:
    shares = f"{figures['exposure']:.1%} of exposure, {figures['interest']:.1%} of events"
    return f"{name} {figures['ratio']:.2f} times ({shares})"


def _promise_part(promise: Report) -> str:
    """Write a promise with its interval, or why it has none."""
    stretch = "first day" if promise["horizon"] == "day" else f"{promise['days']} days"
    if promise["low"] is not None:
        return f"{stretch} {_with_interval(promise)}"
    return (
        f"{stretch} {promise['value']:.4f} without an interval "
        f"({promise['users']:,} users, {promise['windows']} past windows)"
    )


def _route_line(report: Report) -> str:
    """Write NDCG@10 by route: warm and sparse users by the chosen method, cold ones by fallback."""
    parts = []
    for route, part in report["routes"].items():
        # The chosen method knows nothing of cold users: the fallback below serves them.
        if route != "cold":
            ndcg = part["rows"][report["chosen"]]["ndcg@10"]
            parts.append(f"{route} {part['users']:,} users {_with_interval(ndcg)}")
    if report["cold"]:
        parts.append(_cold_part(report["cold"]))
    return f"NDCG@10 by route: {'; '.join(parts)}."


def _cold_part(cold: Report) -> str:
    rows = cold["rows"]
    fallback = _with_interval(rows["fallback"]["ndcg@10"])
    random = f"random {rows['random']['ndcg@10']['value']:.4f}"
    # Without segments everyone gets the fallback of all, and its figure stands there already.
    of_all = f"that of all {rows['all']['ndcg@10']['value']:.4f}, " if cold["segments"] else ""
    return f"cold {cold['users']:,} users {fallback} by the fallback ({of_all}{random})"


def _segment_line(report: Report) -> list[str]:
    """Name the segments served worse than all users, the worst first.

    A segment counts as worse when its whole interval lies below the figure of all.
    """
    segments = report["segments"]
    if not segments:
        return []
    overall = report["rows"][report["chosen"]]["ndcg@10"]["value"]
    worse = []
    for name, part in segments.items():
        upper = part["rows"][report["chosen"]]["ndcg@10"]["high"]
        if upper < overall:
            worse.append((upper, name))
    if not worse:
        return [
            f"NDCG@10 by segment: none of {len(segments)} has an interval below {overall:.4f}, "
            "the figure of all."
        ]
    named = []
    for _, name in sorted(worse)[:MAX_NAMED]:
        ndcg = segments[name]["rows"][report["chosen"]]["ndcg@10"]
        named.append(f"{name} {segments[name]['users']:,} users {_with_interval(ndcg)}")
    more = f"; and {len(worse) - MAX_NAMED} more" if len(worse) > MAX_NAMED else ""
    return [
        f"NDCG@10 by segment, of {len(segments)} those with an interval below {overall:.4f}: "
        f"{'; '.join(named)}{more}."
    ]


def _new_items_line(report: Report) -> list[str]:
    """Say how often items without a history are labels, and how often they are listed."""
    new_items = report["new_items"]
    if not new_items["labels"]:
        return []
    row = new_items["rows"][report["chosen"]]
    return [
        f"New items: {new_items['share']:.1%} of labels and "
        f"{row['places@10']:.1%} of listed places; "
        f"{row['recall@20']:.1%} of these labels are in the first 20."
    ]


def _rating_line(ratings: Report | None) -> list[str]:
    """Write the errors of predicted ratings, with those of two constants to compare with."""
    if not ratings or not ratings["events"]:
        return []
    parts = []
    for name, errors in ratings["rows"].items():
        rmse, mae = _with_interval(errors["rmse"]), f"{errors['mae']['value']:.4f}"
        parts.append(f"{name.replace('_', ' ')} {rmse}, {mae}")
    return [f"RMSE and MAE of {ratings['events']:,} weights held out: {'; '.join(parts)}."]


def _with_interval(metric: Mapping[str, float]) -> str:
    return f"{metric['value']:.4f} [{metric['low']:.4f}, {metric['high']:.4f}]"
