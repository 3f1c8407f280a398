"""Facts of a healthy run, and every fault as what it changes in them."""

from dataclasses import dataclass, replace

from dashboards.diagnosis.facts import (
    Candidates,
    ColumnMove,
    Facts,
    Pair,
    Published,
    Realised,
    Rules,
    StandingAlert,
    Verdict,
)
from fusion.metrics.bootstrap import Interval


def around(value: float, width: float = 0.02) -> Interval:
    """An interval that is symmetric."""
    return Interval(value, value - width, value + width)


VERDICT = Verdict(
    method="ranker",
    method_before="ranker",
    rows={"ranker": around(0.21), "ease": around(0.18), "als": around(0.15)},
    rows_before={"ranker": around(0.22), "ease": around(0.19), "als": around(0.16)},
    rival="ease",
    difference=around(0.03, 0.01),
    difference_before=around(0.03, 0.01),
    promised_low=0.17,
)
CANDIDATES = Candidates(
    labels=Pair(900, 1000),
    ceiling=Pair(0.80, 0.81),
    sources={"ease": Pair(0.50, 0.51), "als": Pair(0.42, 0.40)},
    new_items=Pair(0.03, 0.03),
)
HEALTHY = Facts(
    against="run-1",
    sizes={"interactions": Pair(1050, 1000), "users": Pair(101, 100), "items": Pair(50, 50)},
    columns=(
        ColumnMove("users", "country", 0.05, 0.04, 0.2),
        ColumnMove("features", "ease_rank", 0.06, 0.05, 0.2),
        ColumnMove("features", "age", 0.9, 0.05, 0.2, moves_by_itself=True),
    ),
    feature_psi={"ease_rank": 0.04, "als_rank": 0.02},
    importance={"ease_rank": Pair(0.40, 0.41), "als_rank": Pair(0.20, 0.21)},
    candidates=CANDIDATES,
    verdict=VERDICT,
    rules=Rules(
        moved={"blocked": Pair(10, 10), "limit genre": Pair(50, 45)},
        rows=Pair(1000, 1000),
        open_items=Pair(50, 50),
        hidden=0.0,
    ),
    published=Published(Pair(1000, 1000), Pair(100, 100), Pair(5, 5), Pair(2, 2)),
    lists={"churn": 0.45, "jaccard_chance": 0.58},
)
FELL = replace(
    VERDICT,
    rows={"ranker": around(0.10), "ease": around(0.09), "als": around(0.08)},
)
"""Everything reaches half of what it did."""


def of_watch(cause: str, subject: str = "interactions", kind: str = "fault") -> StandingAlert:
    """An alert of a watch."""
    return StandingAlert(cause, subject, "rows", kind, value=40.0, low=80.0, high=120.0)


def of_run(subject: str, name: str, value: float = 0.9) -> StandingAlert:
    """An alert of the run."""
    return StandingAlert(f"{subject}.{name}", subject, name, "run", value=value, high=0.5)


@dataclass(frozen=True)
class Plant:
    """A fault, and what is to be said of it first.

    Attributes:
        changed: fields of `HEALTHY` that it changes.
        kind: of the first cause.
        code: of the first cause.
        severity: of the first cause.
        subject: of the first cause; "" where the code says enough.
    """

    changed: dict[str, object]
    kind: str
    code: str
    severity: str = "alarm"
    subject: str = ""


def recall(**sources: Pair) -> Candidates:
    """Candidates of which sources have other shares."""
    return replace(CANDIDATES, sources={**CANDIDATES.sources, **sources})


def published(**changed: Pair) -> dict[str, object]:
    """Lists as they were loaded, changed."""
    return {"published": replace(HEALTHY.published, **changed)}


def rules(**changed: object) -> dict[str, object]:
    """Rules, changed."""
    return {"rules": replace(HEALTHY.rules, **changed)}


CHURN = of_run("lists", "churn_excess")
PLANTS = {
    "a fault of a watch": Plant({"alerts": (of_watch("missing"),)}, "data", "missing"),
    "a change of a watch": Plant(
        {"alerts": (of_watch("taste", "users", "change"),)}, "data", "taste", "look", "users"
    ),
    "a cause that is not known": Plant(
        {"alerts": (of_watch("from_a_later_version"),)}, "data", "standing_alert"
    ),
    "a large finding": Plant(
        {"alerts": (of_run("items", "items_not_in_catalogue", 0.6),)}, "data", "finding"
    ),
    "a small finding": Plant(
        {"alerts": (of_run("items", "items_not_in_catalogue", 0.02),)}, "data", "finding", "look"
    ),
    "drift of users": Plant(
        {
            "alerts": (of_run("users", "drifted_share", 0.5),),
            "columns": (ColumnMove("users", "country", 0.5, 0.04, 0.2),),
        },
        "data",
        "drifted",
        "look",
    ),
    "half of the data": Plant({"sizes": {"items": Pair(20, 50)}}, "data", "fewer_in_data"),
    "a third less data": Plant({"sizes": {"items": Pair(34, 50)}}, "data", "fewer_in_data", "look"),
    "twice the data": Plant(
        {"sizes": {"interactions": Pair(2000, 1000)}}, "data", "more_in_data", "look"
    ),
    "a harder window": Plant({"verdict": FELL}, "data", "level_fell", "look"),
    **{
        name: Plant(
            {"alerts": (of_run("source ease", name), CHURN)},
            "candidates",
            name,
            subject="source ease",
        )
        for name in (
            "source_failed",
            "source_left_out",
            "source_silent",
            "source_constant",
            "source_changed",
            "source_ceiling",
        )
    },
    "a source that lost labels": Plant(
        {"candidates": recall(als=Pair(0.25, 0.40))},
        "candidates",
        "source_lost",
        "look",
        "source als",
    ),
    "fewer labels among all candidates": Plant(
        {"candidates": replace(CANDIDATES, ceiling=Pair(0.55, 0.81)), "verdict": FELL},
        "candidates",
        "ceiling_fell",
        "look",
    ),
    "a serving fit that is broken": Plant(
        {"failed_checks": ("serving sources list what they listed",)},
        "candidates",
        "sources_changed",
    ),
    "a ranker that fell": Plant(
        {"alerts": (of_run("ranker", "ranker_fell", 0.04), CHURN), "verdict": FELL},
        "ranker",
        "ranker_fell",
    ),
    "a serving ranker that is broken": Plant(
        {"failed_checks": ("serving ranker is not broken",), "alerts": (CHURN,)},
        "ranker",
        "serving_ranker_broken",
    ),
    "features that mean something else": Plant(
        {"failed_checks": ("features keep their meaning",)}, "ranker", "features_moved"
    ),
    "drift of features": Plant(
        {"alerts": (of_run("features", "drifted_share", 0.4),)},
        "ranker",
        "features_drifted",
        "look",
    ),
    "a ranker that lost ground": Plant(
        {"verdict": replace(VERDICT, difference=around(0.0, 0.01))},
        "ranker",
        "lost_ground",
        "look",
    ),
    "another method": Plant(
        {"verdict": replace(VERDICT, method_before="ease"), "alerts": (CHURN,)},
        "ranker",
        "method_changed",
        "look",
    ),
    "rules that move many rows": Plant(
        {
            **rules(has_changed=True, moved={"allow children": Pair(300, 0)}),
            "alerts": (CHURN,),
        },
        "rules",
        "rules_moved",
    ),
    "rules that move some rows": Plant(
        rules(moved={"limit genre": Pair(90, 45)}), "rules", "rules_moved", "look"
    ),
    "other rules beside other lists": Plant(
        {**rules(has_changed=True), "alerts": (CHURN,)}, "rules", "rules_changed", "look"
    ),
    "blocks at training": Plant(rules(moved={"blocked": Pair(300, 10)}), "rules", "blocks_moved"),
    "exposure beyond its limit": Plant(
        {"alerts": (of_run("exposure genre=jazz", "exposure_ratio"),)},
        "rules",
        "exposure_beyond",
        "look",
        "exposure genre=jazz",
    ),
    "blocks since": Plant(rules(hidden=0.3), "rules", "blocks_hide", subject="blocks"),
    "half of the rows": Plant(published(rows=Pair(400, 1000)), "publish", "rows_fell"),
    "twice the rows": Plant(published(rows=Pair(2000, 1000)), "publish", "rows_rose", "look"),
    "the fallback for many": Plant(published(without_list=Pair(30, 5)), "publish", "fallback_rose"),
    "short lists": Plant(published(short=Pair(6, 2)), "publish", "short_lists", "look"),
    "a check of lists": Plant(
        {"failed_checks": ("no item twice",)}, "publish", "check_failed", subject="lists"
    ),
    "other settings beside other lists": Plant(
        {"sections": {"sources": "candidates"}, "alerts": (CHURN,)},
        "candidates",
        "configuration_changed",
        "look",
    ),
    "lists that nothing explains": Plant({"alerts": (CHURN,)}, "unknown", "unexplained", "look"),
    "a refusal that nothing explains": Plant(
        {"failed_checks": ("keeps up with live",)}, "unknown", "unexplained", "look"
    ),
    "realised far below": Plant(
        {"realised": Realised("window", 0.02, 0.15, 0.25, is_alarm=True)},
        "unknown",
        "unexplained",
        "look",
    ),
    "realised below by chance": Plant(
        {"realised": Realised("window", 0.14, 0.15, 0.25, is_alarm=False)},
        "chance",
        "below_by_chance",
        "none",
    ),
    "nothing": Plant({}, "chance", "nothing_moved", "none"),
    "a first run": Plant({"against": None}, "chance", "first_run", "none"),
    "another method and nothing that moved": Plant(
        {"verdict": replace(VERDICT, method_before="ease")}, "chance", "nothing_moved", "none"
    ),
    "other rules and nothing that moved": Plant(
        rules(has_changed=True), "chance", "nothing_moved", "none"
    ),
    "other settings and nothing that moved": Plant(
        {"sections": {"tune": "ranker"}}, "chance", "nothing_moved", "none"
    ),
    "lists of another length": Plant(
        {"published": replace(HEALTHY.published, rows=Pair(400, 1000), has_same_shape=False)},
        "chance",
        "nothing_moved",
        "none",
    ),
    "a fall within the promise": Plant(
        {"verdict": replace(FELL, promised_low=0.05)}, "chance", "nothing_moved", "none"
    ),
    "a fall within the intervals": Plant(
        {"verdict": replace(FELL, rows={"ranker": around(0.16, 0.05)})},
        "chance",
        "nothing_moved",
        "none",
    ),
    "few labels": Plant(
        {"candidates": replace(recall(als=Pair(0.25, 0.40)), labels=Pair(40, 40))},
        "chance",
        "nothing_moved",
        "none",
    ),
}
