"""What the pages for the morning read of a shop with two runs, and the pages that show it."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboards.pages.overview.past_facts import HISTORY_KINDS, HistoryPage
from dashboards.pages.overview.rule import judge
from flows.session import Session
from flows.steps.arrivals.watch import watch_placement
from flows.steps.retrain.retrain import decide
from flows.steps.site.overview import overview_reads
from flows.steps.site.overview_alerts import listed_alerts
from flows.steps.site.overview_trends import live_spans
from flows.steps.site.site import guarded_dashboards
from storage import StorageSettings, connect
from storage.reading.over_time.live_spans import LiveMove
from storage.reading.over_time.timeline import READERS
from storage.runs.runs import add_refusal, find_run
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import acknowledge, raise_alert, resolve_alerts
from storage.watches.diagnosis import DiagnosisRow, replace_diagnosis
from storage.watches.realised import RealisedRow, add_realised
from storage.watches.watches import add_watch
from tests.flows.world import EARLY

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
BROKEN = {"name": "enough users", "holds": False, "message": "too few users have lists"}


def broken(session):
    """Take most of the newest events away, watch, and ask the policy."""
    file = session.base / "ratings.csv"
    head, *rows = file.read_text().splitlines()
    early = datetime.fromisoformat(EARLY).replace(tzinfo=UTC).timestamp()
    kept = [row for at, row in enumerate(rows) if int(row.split(",")[2]) < early or at % 12 == 0]
    file.write_text("\n".join([head, *kept]) + "\n")
    end = datetime.fromtimestamp(max(int(row.split(",")[2]) for row in rows), UTC)
    moment = end + timedelta(days=1)
    watched = watch_placement(session, moment)
    decide(session, now=moment)
    return watched


def test_a_shop_has_its_figures_over_runs(two_runs):
    facts = overview_reads(two_runs).today("default")
    # A month lies between the two runs: that a shop is older is nothing to act on.
    assert judge(facts, NOW).reasons == ()
    assert facts.live.by
    assert facts.newest.run_id == facts.live.run_id
    assert (facts.newest.outcome, facts.trouble) == ("ready", None)
    assert len(facts.trends.runs) == len(facts.trends.spans) == 2
    first, second = facts.trends.runs
    assert (first.churn, first.churn_limit) == (None, None)
    assert 0 < second.churn <= 1
    assert second.churn_limit >= two_runs.config.monitor.churn_limit
    assert second.drift is not None
    assert facts.trends.spans[-1].until is None
    assert facts.trends.spans[0].until == facts.trends.spans[1].since


def test_a_broken_shop_asks_for_an_act_and_says_why(own_runs):
    reads = overview_reads(own_runs)
    watched = broken(own_runs)
    assert watched.exit_code == 4
    facts = reads.today("default")
    assert judge(facts, NOW).reasons[0].code == "fault"
    alert = facts.alerts[0]
    assert (alert.kind, alert.watch_no) == ("fault", watched.watch_no)
    assert alert.value is not None
    assert facts.decision.trigger == "data"
    assert facts.trends.usual_volume is not None

    page = reads.alert("default", alert.id)
    assert page.alert == alert
    assert reads.alert("default", alert.id + 1) is None
    assert reads.alert("mail", alert.id) is None
    assert [one.id for one in reads.alerts("default", "open")] == [one.id for one in facts.alerts]
    assert reads.alerts("default", "resolved") == []

    (line,) = reads.watches("default", None)
    assert (line.watch_no, line.run_id) == (watched.watch_no, facts.live.run_id)
    assert line.n_alarms > 0
    assert reads.watches("default", line.watch_no) == []
    watch = reads.watch("default", line.watch_no)
    figures = [one for part in watch.parts for one in part.figures]
    assert figures[0].state == "alarm"
    assert alert.id in watch.raised
    assert reads.watch("default", line.watch_no + 1) is None
    assert reads.watch("mail", line.watch_no) is None

    happened = reads.history("default", "", None).lines
    assert {one.kind for one in happened} == {"training", "publish", "decision", "watch", "alert"}

    acknowledge(own_runs.engine, "default", alert.id, by="eve", why="we know")
    facts = reads.today("default")
    assert [one.state for one in facts.alerts if one.id == alert.id] == ["acknowledged"]
    assert facts.alerts[-1].acknowledged_by == "eve"


def test_refusals_and_causes_are_shown_with_their_reasons(own_runs):
    reads = overview_reads(own_runs)
    live = find_run(own_runs.engine, "default", "live")
    add_refusal(own_runs.engine, live.run_no, "dan", [BROKEN])
    # It was allowed later: what is live is no trouble.
    assert reads.today("default").trouble is None
    (refusal,) = reads.history("default", "refusal", None).lines
    assert (refusal.by, refusal.why) == ("dan", BROKEN["message"])
    cause = DiagnosisRow(
        1, "data", "interactions", "alarm", "c", "Rows are gone.", {}, [{"name": "n"}]
    )
    replace_diagnosis(own_runs.engine, live.run_no, [cause])
    (shown,) = reads.today("default").causes
    assert (shown.kind, shown.sentence, shown.evidence) == (
        "data",
        "Rows are gone.",
        [{"name": "n"}],
    )


def test_without_a_database_there_is_nothing_to_read(bare, tmp_path):
    # Another test may have made one beside it.
    copy = Path(shutil.copy(bare / "fusion.toml", tmp_path))
    reads = overview_reads(Session.open(copy, read_only=True))
    assert reads.today("default") is None
    assert reads.alert("default", 1) is None
    assert reads.watch("default", 1) is None
    assert reads.history("default", "", None) == HistoryPage()
    assert list(reads.alerts("default", "")) == list(reads.watches("default", None)) == []


def test_the_history_knows_every_kind():
    assert sorted(HISTORY_KINDS) == sorted(READERS)


def test_every_page_is_made_of_what_is_read(two_runs):
    guard = guarded_dashboards(two_runs, "127.0.0.1", lambda command: command)
    client = TestClient(guard, "http://127.0.0.1")
    for path in ("", "alerts", "history", "watches"):
        answer = client.get(f"/at/default/{path}")
        assert answer.status_code == 200
        assert len(answer.content) < 200_000
    assert client.get("/at/default/watches/99999").status_code == 404


@pytest.mark.parametrize(
    ("shown", "spans"),
    [
        (["a", "b"], [("a", 0, 1), ("b", 1, None)]),
        (["a", "a", "b"], [("a", 0, 2), ("b", 2, None)]),
        (["a", None, "a"], [("a", 0, 1), ("a", 2, None)]),
        ([None], []),
        ([], []),
    ],
)
def test_a_run_is_live_until_another_takes_its_place(shown, spans):
    moves = [
        LiveMove(NOW + at * HOUR, name, NOW if name else None) for at, name in enumerate(shown)
    ]
    found = [
        (one.run_id, (one.since - NOW) / HOUR, one.until and (one.until - NOW) / HOUR)
        for one in live_spans(moves)
    ]
    assert found == spans


@pytest.fixture
def engine(tmp_path):
    made = connect(StorageSettings(url=f"sqlite:///{tmp_path}/fusion.db"), migrate=True)
    yield made
    made.dispose()


def raised(engine, cause, **more):
    new = NewAlert(cause, "users", "new", **({"kind": "change", "message": "m"} | more))
    return raise_alert(engine, "default", new)[0]


def test_alerts_that_stand_come_first_however_many_are_over(engine):
    old = raised(engine, "old", severity="look")
    for number in range(120):
        resolve_alerts(engine, [raised(engine, f"over-{number}", kind="fault")], "over")
    known = raised(engine, "known", kind="fault")
    acknowledge(engine, "default", known, by="ann", why="we know")
    change = raised(engine, "change")
    fault = raised(engine, "fault", kind="fault")
    look = raised(engine, "look", severity="look")
    listed = listed_alerts(engine, "default", "")
    assert [one.id for one in listed[:5]] == [fault, change, look, old, known]
    assert len(listed) == 100
    over = [one.id for one in listed[5:]]
    assert over == sorted(over, reverse=True)
    assert [one.id for one in listed_alerts(engine, "default", "open")] == [
        fault,
        change,
        look,
        old,
    ]


def test_what_few_users_realised_is_not_shown(own_runs):
    reads = overview_reads(own_runs)
    live = find_run(own_runs.engine, "default", "live")
    watch_no = add_watch(
        own_runs.engine, "default", as_of=NOW, run_no=live.run_no, layout={}, facts={}
    )

    def _realised(users):
        row = RealisedRow(live.run_no, "window", "all", "ndcg", 10, 0.2, 0.1, 0.3, users, False)
        add_realised(own_runs.engine, watch_no, [row])
        return reads.today("default").trends.runs[-1].realised

    assert [_realised(9), _realised(10)] == [None, 0.2]
    assert reads.today("default").trends.runs[-1].verdict == live.verdict["reported"]["value"]
