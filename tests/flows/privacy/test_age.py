"""Rows that age out before their run: only theirs, only of runs that nothing shows, for good."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import insert

from flows.retention_settings import RetentionSettings
from flows.session import Session
from flows.steps.keep.prune import prune
from flows.steps.watch.check_store import check_store
from flows.steps.watch.monitor import monitor_run
from flows.steps.watch.monitor_frames import has_samples
from fusion.errors import DataError
from fusion.runs import amendment
from fusion.runs.manifest_file import as_summed_text, file_hashes, read_manifest
from fusion.runs.run_folder import RunFolder, folder_of
from storage.database.engine import writing
from storage.notifications.outbox import NewNotification, open_outbox
from storage.runs.records import add_decision
from storage.schema.watch_tables import decision
from storage.watches.alerts import resolve_alerts
from storage.watches.realised import Horizon, RealisedRow, add_realised
from storage.watches.watches import add_watch
from tests.flows.calling import call_main
from tests.flows.steps.test_prune import older
from tests.flows.world import database, query
from tests.storage.making import note_alert

BY_RUN = ("explanation_days", "sample_days", "quarantine_days")
BY_TIME = ("alert_days", "decision_days", "realised_days", "notification_days")


@pytest.fixture
def session(own_shop):
    """Two runs that are shown or one rollback away, and one of 2020; rows put aside in each."""
    older(own_shop, 1)
    session = Session.open(own_shop / "fusion.toml")
    for folder in session.runs.glob("2*"):
        run = RunFolder(folder)
        run.quarantine.mkdir()
        rows = pl.DataFrame({"row": [1, 2], "user_id": ["u1", "u2"]})
        rows.write_parquet(run.quarantine / "interactions.parquet")
        manifest = read_manifest(folder)
        names = {*manifest["files"], "quarantine/interactions.parquet"}
        hashes = {name: one for name, one in file_hashes(folder).items() if name in names}
        run.manifest.write_text(as_summed_text({**manifest, "files": hashes}))
    yield session
    session.engine.dispose()


def keeping(session: Session, **days: float) -> Session:
    retention = session.config.retention.model_copy(update=days)
    return replace(session, config=session.config.model_copy(update={"retention": retention}))


def rows_of_files(session: Session) -> dict[str, int]:
    files = sorted(session.runs.glob("2*/**/*.parquet"))
    return {str(file.relative_to(session.runs)): len(pl.read_parquet(file)) for file in files}


def explanations(session: Session) -> list[tuple[int, int]]:
    statement = "select run_no, count(*) from explained_user group by run_no order by run_no"
    return query(database(session.base), statement)


def test_without_settings_nothing_ages(session):
    before = rows_of_files(session), explanations(session)
    pruned = prune(session)
    assert (pruned.aged, pruned.runs) == ((), ())
    assert (rows_of_files(session), explanations(session)) == before


@pytest.mark.parametrize("setting", BY_RUN)
def test_old_runs_lose_these_rows_and_no_other(session, setting):
    before, told = rows_of_files(session), dict(explanations(session))
    (old,) = (folder.name for folder in session.runs.glob("2020*"))
    aged = keeping(session, **{setting: 30.0})
    (would,) = prune(aged, dry_run=True).aged
    assert (rows_of_files(session), dict(explanations(session))) == (before, told)
    (went,) = prune(aged).aged
    assert (went, went.runs) == (would, (old,))
    gone = {file: n for file, n in before.items() if rows_of_files(session)[file] != n}
    parts = {"explanation_days": "why", "sample_days": "monitor/", "quarantine_days": "quarantine/"}
    expected = {file for file in before if f"{old}/{parts[setting]}" in file and before[file]}
    assert set(gone) == expected
    in_sql = sum(told.values()) - sum(dict(explanations(session)).values())
    assert (in_sql > 0) == (setting == "explanation_days")
    assert went.rows == sum(gone.values()) + in_sql
    assert {file for file, n in rows_of_files(session).items() if file in gone and n} == set()
    note = read_manifest(folder_of(session.runs, old))["amended"][-1]
    assert (note["why"], len(note["files"])) == (f"[retention] {setting}", len(gone))
    assert prune(aged).aged == (replace(went, rows=0, runs=()),)


def test_young_runs_and_those_that_are_shown_keep_everything(session):
    """Both runs of the shop are young at 1 day; at 0 days they are old, and shown or next."""
    everything = dict.fromkeys(BY_RUN, 0.0)
    before = rows_of_files(session)
    prune(keeping(session, **everything))
    changed = {file for file, n in before.items() if rows_of_files(session)[file] != n}
    assert changed
    assert all(file.startswith("2020") for file in changed)
    assert [row[0] for row in explanations(session)] == [1, 2]
    assert not [one for one in check_store(session) if one.severity == "error"]


def test_a_run_folder_is_whole_afterwards(session):
    prune(keeping(session, **dict.fromkeys(BY_RUN, 30.0)))
    (folder,) = session.runs.glob("2020*")
    manifest = read_manifest(folder)
    hashes = file_hashes(folder)
    assert all(hashes[name] == one for name, one in manifest["files"].items())
    columns = pl.read_parquet_schema(RunFolder(folder).why)
    assert {"user", "item", "reason"} <= set(columns)


def test_a_damaged_run_keeps_no_other_from_ageing(session, caplog):
    (folder,) = session.runs.glob("2020*")
    RunFolder(folder).quarantine.joinpath("interactions.parquet").write_bytes(b"damaged")
    aged = prune(keeping(session, quarantine_days=30.0, explanation_days=30.0)).aged
    assert [(one.setting, one.rows > 0) for one in aged] == [
        ("explanation_days", True),
        ("quarantine_days", False),
    ]
    assert f"run not aged run={folder.name} setting=quarantine_days" in caplog.text


def test_a_kill_at_any_replacement_leaves_work_for_the_next(session, monkeypatch):
    aged = keeping(session, sample_days=30.0)
    for left in range(4):
        calls = iter(range(left))

        def stop(new, old, calls=calls):
            if next(calls, None) is None:
                raise KeyboardInterrupt
            return new.replace(old)

        monkeypatch.setattr(amendment, "replace_file", stop)
        with pytest.raises(KeyboardInterrupt):
            prune(aged)
    monkeypatch.undo()
    prune(aged)
    (folder,) = session.runs.glob("2020*")
    hashes = file_hashes(folder)
    assert not has_samples(RunFolder(folder))
    assert [file for file in folder.rglob("*") if file.suffix == ".new"] == []
    assert all(hashes[name] == one for name, one in read_manifest(folder)["files"].items())


def test_a_run_without_samples_cannot_be_monitored_and_says_why(session):
    prune(keeping(session, sample_days=30.0))
    (old,) = (folder.name for folder in session.runs.glob("2020*"))
    with pytest.raises(DataError, match=f"samples of run {old} are gone, as .retention. sample"):
        monitor_run(session, old)
    # As the run before, it is one without samples: the run is compared with itself, earlier.
    assert monitor_run(session, against=old).against == old


def test_alerts_decisions_and_figures_go_by_their_own_time(session):
    now = datetime.now(UTC)
    for days in (1, 40):
        at = now - timedelta(days=days)
        more = {"value": 1.0, "threshold": 0.5, "message": "odd", "at": at}
        number = note_alert(session.engine, 1, "users", f"{days} days", **more)
        resolve_alerts(session.engine, [number], "gone", at)
        added = add_decision(session.engine, "default", True, reason="asked", trigger="force")
        with writing(session.engine) as connection:
            this = decision.c.id == added
            connection.execute(decision.update().where(this).values(at=at))
        looked = {"as_of": at, "run_no": None, "layout": {}, "facts": {}, "at": at}
        watch_no = add_watch(session.engine, "default", **looked)
        horizon: Horizon = "day" if days == 1 else "window"
        figure = RealisedRow(1, horizon, "all", "ndcg", 10, 0.2, 0.1, 0.3, 40, is_early=False)
        add_realised(session.engine, watch_no, [figure])
        with open_outbox(session.engine, "default") as outbox:
            message = NewNotification(f"{days}", "published", "published", (f"move:{days}",), {})
            outbox.add(message, (), at)
    other = {"placement": "mail", "due": True, "reason": "r", "trigger": "t"}
    with writing(session.engine) as connection:
        connection.execute(insert(decision).values(at=now - timedelta(days=99), **other))
    aged = prune(keeping(session, **dict.fromkeys(BY_TIME, 30.0))).aged
    assert [(one.setting, one.rows) for one in aged] == [(setting, 1) for setting in BY_TIME]
    url = database(session.base)
    assert query(url, "select name from alert where name like '%days'") == [("1 days",)]
    assert query(url, "select horizon from realised") == [("day",)]
    assert query(url, "select placement, count(*) from decision group by 1 order by 1") == [
        ("default", 1),
        ("mail", 1),
    ]


def test_the_command_says_what_went(session):
    config = session.base / "fusion.toml"
    config.write_text(config.read_text() + "\n[retention]\nsample_days = 30\nalert_days = 30\n")
    (would,) = [
        one
        for one in call_main(session.base, "prune", "--dry-run", "--json").json["aged"]
        if one["setting"] == "sample_days"
    ]
    ended = call_main(session.base, "prune")
    assert (ended.code, would["rows"] > 10) == (0, True)
    said = f"Removed {would['rows']:,} rows of 1 run by sample_days = 30."
    assert said in ended.out
    assert "Removed 0 rows by alert_days = 30." in ended.out


def test_every_setting_of_days_is_carried_out(session):
    settings = {name for name in RetentionSettings.model_fields if name.endswith("_days")}
    assert settings == {*BY_RUN, *BY_TIME, "daily_after_days"}
    aged = prune(keeping(session, **dict.fromkeys(settings, 30.0)), dry_run=True).aged
    # Which says something only where something went.
    assert {one.setting for one in aged} == settings - {"daily_after_days"}


def test_of_old_days_one_answer_stays_without_any_setting(session):
    days_ago = datetime.now(UTC).replace(hour=0, minute=0) - timedelta(days=91)
    for hour in range(4):
        at = days_ago + timedelta(hours=hour)
        add_decision(session.engine, "default", False, reason="", trigger="cooldown", at=at)
    (went,) = prune(session).aged
    assert (went.setting, went.days, went.rows) == ("daily_after_days", 90.0, 3)
    assert prune(session).aged == ()
