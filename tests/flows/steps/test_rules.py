"""Rules and blocks from their file and table to what readers of the views get."""

import pytest
from sqlalchemy import insert

from flows.session import Session
from flows.steps.retrain.loop import run_loop
from flows.steps.show.user_lists import reasons_of, user_list
from flows.steps.watch.check import check_all
from flows.steps.watch.monitor import monitor_run
from fusion.errors import ConfigError
from storage.runs.runs import find_run
from storage.schema.tables import blocked_item
from tests.flows.calling import call_main
from tests.flows.world import database, live_lists, make_shop, query, replace_lists

RULES = """
[[pin]]
item = "i7"
rank = 2
segment = "club=blue"

[[boost]]
items = ["i9"]
places = 1000
"""


def by_user(folder) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for user, _, item, *_ in live_lists(database(folder)):
        found.setdefault(user, []).append(item)
    return found


@pytest.fixture(scope="module")
def ruled(tmp_path_factory):
    """A shop published without rules, then with rules and blocks; lists of both."""
    folder = tmp_path_factory.mktemp("ruled")
    config = make_shop(folder)
    session = Session.open(config)
    plain = run_loop(session)
    lists = by_user(folder)
    taken = lists["u1"][0]
    with session.engine.begin() as connection:
        rows = [
            {"placement": "default", "item_id": taken, "user_id": None},
            {"placement": "default", "item_id": "i2", "user_id": "u4"},
        ]
        connection.execute(insert(blocked_item), rows)
    hidden = by_user(folder)
    config.write_text(config.read_text() + 'rules = "rules.toml"\n')
    (folder / "rules.toml").write_text(RULES)
    ruling = Session.open(config)
    done = run_loop(ruling)
    yield folder, ruling, (plain, lists, hidden), (done, by_user(folder)), taken
    for one in (session, ruling):
        one.engine.dispose()


def test_a_block_acts_at_once_and_later_runs_spend_nothing_on_it(ruled):
    folder, _, (_, before, hidden), (done, after), taken = ruled
    assert hidden["u1"][:4] == before["u1"][1:5]
    assert len(hidden["u1"]) == 5
    stored = query(
        database(folder),
        "select distinct item_id from recommendation where run_no = :n",
        n=done.trained.run_no,
    )
    assert (taken,) not in stored
    assert all(len(items) == 5 for items in after.values())
    rows = query(
        database(folder), "select count(*) from recommendation "
        "where run_no = :n and item_id = 'i2' and user_id = 'u4'",
        n=done.trained.run_no,
    )  # fmt: skip
    assert rows == [(0,)]


def test_pins_and_boosts_reach_the_view(ruled):
    folder, _, _, (_, after), taken = ruled
    seen = {
        tuple(line.split(",")[:2]) for line in (folder / "ratings.csv").read_text().splitlines()[1:]
    }
    pinned = [user for user in after if user != "u2" and (user, "i7") not in seen and taken != "i7"]
    assert pinned
    assert all(after[user][1] == "i7" for user in pinned)
    boosted = [user for user in after if "i9" in after[user]]
    assert boosted
    assert all(after[user].index("i9") in (0, 1, 2) for user in boosted)


def test_the_verdict_is_of_methods_and_the_manifest_of_rules(ruled):
    _, session, (plain, *_), (done, _), _ = ruled
    assert done.trained.manifest["verdict"]["rows"] == plain.trained.manifest["verdict"]["rows"]
    assert (
        plain.trained.manifest["rules"] is None
        or plain.trained.manifest["rules"]["blocked_items"] == 0
    )
    report = done.trained.manifest["rules"]
    assert (report["blocked_items"], report["blocked_pairs"]) == (1, 1)
    assert set(report["moved"]) >= {
        "pin item i7 at 2 for club=blue",
        "boost item i9 by 1000",
        "blocked",
    }
    run = find_run(session.engine, "default", done.trained.run_id)
    assert run.config_hash.endswith(report["hash"])
    assert done.trained.status == "ready"
    assert {check["name"] for check in done.trained.manifest["checks"]} >= {
        "nothing blocked",
        "lists are whole",
    }


def test_check_names_what_rules_get_wrong(ruled, tmp_path):
    _, session, *_ = ruled
    assert [one for one in check_all(session) if "rule" in one.code] == []
    config = make_shop(tmp_path)
    config.write_text(config.read_text() + 'rules = "rules.toml"\n')
    wrong = Session.open(config)
    missing = next(one for one in check_all(wrong) if one.code == "wrong_rules")
    assert (missing.severity, "no rules at" in missing.message) == ("error", True)
    (tmp_path / "rules.toml").write_text('[[boost]]\nitems = ["i1"]\nplace = 1\n')
    unreadable = next(one for one in check_all(wrong) if one.code == "wrong_rules")
    assert "kept: [boost.0] places: is needed and has no default; [boost" in unreadable.message
    (tmp_path / "rules.toml").write_text(
        '[[pin]]\nitem = 404\n[[allow]]\nitems = ["i1"]\nsegment = "clb=red"\n'
    )
    wrong.make_database()
    with wrong.engine.begin() as connection:
        connection.execute(insert(blocked_item).values(placement="default", item_id="typo"))
    findings = check_all(wrong)
    severities = [one.severity for one in findings]
    assert severities == sorted(severities), "errors come first"
    assert {"error", "warning"} <= set(severities)
    found = {one.code: one for one in findings}
    assert found["rule_item"].examples == [{"item": "404"}]
    assert found["rule_column"].severity == "error"
    assert found["blocked_unknown"].count == 1
    with pytest.raises(ConfigError, match="no category column 'clb'"):
        run_loop(wrong)
    assert query(database(tmp_path), "select count(*) from run") == [(0,)]
    wrong.engine.dispose()


def test_show_says_what_a_rule_did(ruled):
    folder, session, _, (_, after), _ = ruled
    user = next(user for user in after if after[user][1] == "i7")
    told, _ = reasons_of(session, user, user_list(session, user))
    assert "a rule puts it here" in told.filter(item_id="i7")["reason"].to_list()
    shown = call_main(folder, "show", user, "--why")
    assert shown.code == 0, shown.err
    assert "because a rule puts it here" in shown.out
    plain = call_main(folder, "show", user)
    assert plain.out.count("Film") == 5
    machine = call_main(folder, "show", user, "--why", "--json").json
    assert [row["rank"] for row in machine["list"]] == [1, 2, 3, 4, 5]
    assert {row["item_id"] for row in machine["reasons"]} == {
        row["item_id"] for row in machine["list"]
    }


def test_alerts_on_lists_say_that_the_rules_changed(ruled):
    _, session, (plain, *_), (done, _), _ = ruled
    replace_lists(session.engine, plain.trained.run_no)
    raised = monitor_run(session, done.trained.run_id).alerts
    of_lists = [alert.message for alert in raised if alert.subject == "lists"]
    assert of_lists
    assert all(message.startswith("The rules of lists changed") for message in of_lists)
