"""A run of which everything is known, with hostile names wherever data may give one."""

from dataclasses import fields
from datetime import UTC, datetime

from dashboards.measures.churn_excess import Churn
from dashboards.measures.drift import ColumnDrift
from dashboards.measures.feature_curves import FeatureCurve
from dashboards.pages.runs.exposure_figures import (
    Exposure,
    ExposureLimit,
    ItemGroup,
    PastExposure,
    SegmentGap,
)
from dashboards.pages.runs.facts import (
    AttributeLists,
    PriorLine,
    RunAlert,
    RunFacts,
    RunLine,
    Setting,
    SlotMove,
)
from dashboards.pages.runs.figures import (
    Difference,
    Estimate,
    Expectation,
    ExpectedFigure,
    GroupFigures,
    HiddenItems,
    HiddenRow,
    ListChanges,
    MethodFigures,
    SourceFigures,
    SourceLine,
)
from dashboards.pages.runs.reads import RunsReads
from tests.dashboards.pages.planted import ANSI, HOSTILE

NEW, OLD = "20260302-030000-aaaaaa", "20260301-030000-bbbbbb"
AT = datetime(2026, 3, 2, 3, tzinfo=UTC)


def line(run_id=NEW, **changes) -> RunLine:
    known = {
        "run_id": run_id,
        "status": "ready",
        "slot": "live",
        "kind": "full",
        "method": "ranker",
        "as_of": datetime(2026, 3, 1, 22, tzinfo=UTC),
        "created_at": AT,
        "ndcg": Estimate(0.3, 0.28, 0.32),
    }
    return RunLine(**known | changes)


def column(name: str, value: float, moves: bool = False) -> ColumnDrift:
    is_past = value > 0.2 and not moves
    return ColumnDrift(
        "users", name, "number", "psi", value, 0.01, 0.2, is_past, 100, 100, moves=moves
    )


def lists() -> ListChanges:
    return ListChanges(
        churn=Churn(0.46, 0.4),
        limit=0.35,
        figures={"users_both": 90.0, "users_gained": 3.0, "users_lost": 1.0, "coverage": 0.5},
        histograms={"jaccard": [0.5, 0.5], "jaccard_chance": [0.4, 0.6]},
        groups=[
            {"by": "all", "name": "all", "users": 90, "changed": 45, "churn": 0.4,
             "top1_changed": 0.1},
            {"by": "segment", "name": HOSTILE, "users": 60, "changed": 45, "churn": 0.4,
             "top1_changed": 0.1},
            {"by": "segment", "name": "club=blue", "users": 30, "changed": 0, "churn": 0.0,
             "top1_changed": 0.0},
            {"by": "route", "name": "the only route", "users": 90, "changed": 45, "churn": 0.4,
             "top1_changed": 0.1},
        ],
        items={"gained": [{"item_id": HOSTILE, "title": ANSI + HOSTILE, "before": 0, "after": 7}]},
    )  # fmt: skip


def facts(**changes) -> RunFacts:
    known = {
        "line": line(),
        "before": line(OLD, slot="", method="ease"),
        "reason": "ranker beats ease",
        "users": 1234,
        "differences": (
            Difference("ease", False, Estimate(0.02, 0.01, 0.03), 1234),
            Difference(OLD, True, Estimate(0.01, -0.01, 0.03), 900),
        ),
        "expected": Expectation(
            figures=(
                ExpectedFigure("NDCG@10", "all", Estimate(0.31, 0.25, 0.37),
                               Estimate(0.29, 0.22, 0.36), Estimate(0.28, 0.26, 0.3)),
                ExpectedFigure("DCG@10", "all", Estimate(0.6), None, None),
                ExpectedFigure("NDCG@10", "sparse", Estimate(0.2, 0.1, 0.35), None, None),
            ),
            days=7,
            users=1204.4,
            likes=(0.154, 0.1, 0.052),
            realised_users=1190,
        ),
        "methods": (
            MethodFigures("ranker", True, Estimate(0.3, 0.28, 0.32), {"recall@20": 0.4}),
            MethodFigures(HOSTILE, False, Estimate(0.28, 0.26, 0.3), {}),
        ),
        "attributes": AttributeLists(
            judged=480,
            rows={
                "attributes": Estimate(0.11, 0.1, 0.12),
                "fallback": Estimate(0.09, 0.08, 0.1),
                "popularity": Estimate(0.08),
            },
            gap=Estimate(0.02, 0.01, 0.03),
            lists=1200,
            columns=("country", HOSTILE),
        ),
        "priors": (
            PriorLine("parents", 0.25, 0.125, -0.5),
            PriorLine("idle", 0.0, None, None),
        ),
        "hidden": HiddenItems(
            items=1650,
            users=668,
            rows=(
                HiddenRow("ranker", Estimate(0.17, 0.16, 0.18), Estimate(0.02), None),
                HiddenRow(HOSTILE, Estimate(0.07, 0.06, 0.08), Estimate(0.01),
                          Estimate(0.1, 0.09, 0.11)),
            ),
            not_asked=(HOSTILE,),
        ),
        "sources": (
            SourceLine("ease", "used", SourceFigures(0.5, 7, 0.28), SourceFigures(0.25, 3, 0.27),
                       Estimate(0.01, 0.0, 0.02)),
            SourceLine(HOSTILE, "", None, SourceFigures(0.1, 0, None), None),
        ),
        "groups": (
            GroupFigures("route", "warm", 1000, Estimate(0.3, 0.2, 0.4), "ranker", 0.3),
            GroupFigures("segment", HOSTILE, 234, Estimate(0.2, 0.1, 0.3), "ease", 0.25),
        ),
        "gaps": (
            SegmentGap(HOSTILE, 234, Estimate(-0.1, -0.15, -0.05), 0.001),
            SegmentGap("club=blue", 300, Estimate(0.01, -0.02, 0.04), 1.0),
        ),
        "exposure": Exposure(
            size=20,
            days=28,
            groups=(
                ItemGroup("tail", 900, 0.02, 0.2, Estimate(0.1, 0.08, 0.12), 0.15),
                ItemGroup(HOSTILE, 40, 0.4, 0.2, Estimate(2.0, 1.8, 2.3)),
                ItemGroup("new", 3, 0.01, 0.0, None),
            ),
            limit=3.0,
            limits=(
                ExposureLimit(HOSTILE, 0.1, 0.25, True),
                ExposureLimit("exposure of genres=noir at least 0.5", 0.1, 0.3, False),
            ),
            cost=Estimate(-0.001, -0.002, 0.0),
            past=(
                PastExposure(datetime(2026, 3, 1, tzinfo=UTC), {"tail": 0.15, "head": 1.5}),
                PastExposure(datetime(2026, 3, 8, tzinfo=UTC), {"tail": 0.1, "head": 1.75}),
            ),
        ),
        "drift": (column(HOSTILE, 0.5), column("calm", 0.01), column("age", 0.9, moves=True)),
        "lists": lists(),
        "settings": (Setting("ranker.trees", "600", f'"{HOSTILE}"'),),
        "importance": ((HOSTILE, 0.6), ("ease_z", 0.4)),
        "curves": (FeatureCurve(HOSTILE, [0.0, 1.0], [-0.1, 0.1], [0.0, 0.2], [0.1, 0.3]),),
        "moves": (SlotMove(AT, "live", "publish", OLD, NEW, HOSTILE, HOSTILE),),
        "manifest": {"seed": 7, HOSTILE: HOSTILE},
        "evidently": "/projects/0000/reports/0001",
        "folder": "/data/runs/x/report",
    }  # fmt: skip
    return RunFacts(**known | changes)


def reads(**given) -> RunsReads:
    """Functions that read planted facts; a page that asks for what is not given fails."""
    return RunsReads(**dict.fromkeys((field.name for field in fields(RunsReads)), None) | given)


def alert(severity="alarm", state="open", message=HOSTILE) -> RunAlert:
    return RunAlert(severity, state, message)
