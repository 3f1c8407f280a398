"""Every finding of `fusion check` names a cure that works: it is carried out, and the finding goes.

A new kind of finding needs its row here, or a reason why nobody can carry its cure out in a test.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from flows.steps.watch import check as checking
from flows.steps.watch import outside
from fusion.core.findings import FINDING_KINDS
from fusion.ingest.people.pseudonyms import Pseudonyms
from fusion.models.base.registry import offered
from tests.flows.cures import (
    findings_of_files,
    findings_of_reading,
    findings_of_rows,
    findings_of_settings,
)
from tests.flows.cures.case import Case, Cure
from tests.flows.cures.findings_of_files import live_with, served
from tests.flows.cures.own_checks import cases as own_checks
from tests.flows.cures.shelf import Shelf, configure, keep
from tests.flows.cures.side_information import cases as side_information
from tests.flows.cures.side_information import query_cases

OF_COMPUTE = {
    "unused_setting": Case(
        lambda shelf: shelf.text("fusion.toml", lambda text: text + "\n[compute]\nworkers = 2\n"),
        Cure("Take workers out of [compute]", configure("workers = 2\n", "")),
        Cure("set another executor", configure("workers = 2", 'workers = 2\nexecutor = "dask"')),
    ),
}
CASES = (
    findings_of_rows.CASES
    | findings_of_files.CASES
    | findings_of_reading.CASES
    | findings_of_settings.CASES
    | OF_COMPUTE
    | side_information.CASES
    | query_cases.CASES
    | own_checks.FINDINGS
)
NOTHING_TO_DO = {
    "blank_row", "repeats", "opted_out_users", "suspicious_users_treated",
    "items_without_interactions", "users_without_interactions", "facts_to_come",
}  # fmt: skip
"""Kinds whose cure is that nothing needs doing."""
MADE_IN_CHECK = "".join(Path(module.__file__).read_text() for module in (checking, outside))
IN_CHECK = set(re.findall(r'Finding\(\s*"(\w+)"', MADE_IN_CHECK))
"""Kinds that `fusion check` makes itself."""
BELOW = {
    *("forgotten_users", "forget_key", "pseudonym_key", "pseudonyms_changed"),
    *("as_of_without_times", "as_of_for_items_only", "missing_extra"),
}
"""Kinds that need more than files: a key, a moment, or a package that is not there."""
KEY = "a key of thirty-two characters or more"
WALKS = [(code, number) for code, case in CASES.items() for number in range(len(case.cures))]


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A shelf in which nothing is found, with its tables."""
    shelf = Shelf(tmp_path_factory.mktemp("clean"))
    shelf.fill()
    assert shelf.call("db", "upgrade").code == 0
    assert shelf.call("check", "--json").json == {"findings": [], "ok": True}
    return shelf


@pytest.fixture
def shelf(clean, tmp_path, monkeypatch):
    # A case may install a package, whose folder leaves the path with the test.
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield Shelf(shutil.copytree(clean.folder, tmp_path / "shelf"))
    offered.cache_clear()


def findings(shelf, *words, **env):
    answer = shelf.call("check", "--json", *words, **env).json
    return answer["ok"], {finding["code"]: finding for finding in answer["findings"]}


@pytest.mark.parametrize(("code", "number"), WALKS, ids=str)
def test_a_cure_that_is_carried_out_ends_the_finding(shelf, code, number):
    case = CASES[code]
    case.plant(shelf)
    ok, found = findings(shelf)
    assert code in found
    assert ok == all(finding["severity"] == "warning" for finding in found.values())
    cure = case.cures[number]
    assert cure.says in found[code]["cure"]
    cure.do(shelf)
    ok, found = findings(shelf)
    assert code not in found
    assert ok, found


def test_dask_that_is_not_installed_is_said_before_a_run(shelf, monkeypatch):
    shelf.text("fusion.toml", lambda text: text + '\n[compute]\nexecutor = "dask"\n')
    assert findings(shelf) == (True, {})
    monkeypatch.setattr("fusion.core.extras.is_installed", lambda extra: extra != "scale")
    ok, found = findings(shelf)
    assert not ok
    assert "pip install 'fusion-recommender[scale]'" in found["missing_extra"]["message"]
    assert 'set executor = "processes"' in found["missing_extra"]["cure"]
    configure('executor = "dask"', 'executor = "processes"')(shelf)
    assert findings(shelf) == (True, {})


def test_every_kind_of_finding_has_its_cure_walked():
    walked = set(CASES) | NOTHING_TO_DO | BELOW
    assert walked == set(FINDING_KINDS) | IN_CHECK


@pytest.mark.parametrize("code", sorted(NOTHING_TO_DO))
def test_what_needs_nothing_stops_nothing(code):
    kind = FINDING_KINDS[code]
    assert kind.cure.startswith("Nothing needs doing")
    assert (kind.severity, kind.limit) == ("warning", None)


def test_cold_users_of_the_live_run_need_no_interactions(shelf):
    """They stand in the users file alone, today as then."""
    cold = [str(number) for number in range(1000, 1060)]
    shelf.text("users.csv", lambda text: text + "".join(f"{user},red\r\n" for user in cold))
    warm = [findings_of_files.served(str(number)) for number in range(1, 11)]
    live = [*warm, *(findings_of_files.served(user, "cold") for user in cold)]
    findings_of_files.live_with(*live)(shelf)
    assert set(findings(shelf)[1]) == {"users_without_interactions"}
    rekeyed = findings_of_files.every("log.csv", user=lambda row: f"5{row['user']:0>3}")
    rekeyed(shelf)
    ok, found = findings(shelf)
    assert not ok
    assert found["users_not_recurring"]["count"] == len(warm)


def test_a_moment_over_data_without_times(shelf):
    moment = ("--as-of", "2024-02-01")
    findings_of_files.configure('time = "time"\n', "")(shelf)
    ok, found = findings(shelf, *moment)
    assert (ok, set(found)) == (False, {"as_of_without_times"})
    assert "leave --as-of out" in found["as_of_without_times"]["cure"]
    assert findings(shelf) == (True, {})
    # Availability of items gives the moment a meaning, which is the cure of its own finding.
    findings_of_files.WINDOWS(shelf)
    ok, found = findings(shelf)
    assert (ok, set(found)) == (False, {"window_without_times"})
    assert "say the moment by --as-of" in found["window_without_times"]["cure"]
    ok, found = findings(shelf, *moment)
    assert (ok, set(found)) == (True, {"as_of_for_items_only"})
    assert "Name a time column" in found["as_of_for_items_only"]["cure"]
    shelf.configure('item = "item"\n', 'item = "item"\ntime = "time"\n')
    assert findings(shelf, *moment)[1].keys() <= {"too_few_interactions"}


def test_people_who_are_forgotten(shelf):
    assert shelf.call("forget", "7", FUSION_FORGET_KEY=KEY).code == 2  # no run knows them yet
    ok, found = findings(shelf)
    assert not ok
    assert "FUSION_FORGET_KEY" in found["forget_key"]["cure"]
    ok, found = findings(shelf, FUSION_FORGET_KEY=KEY)
    assert (ok, set(found)) == (True, {"forgotten_users"})
    assert found["forgotten_users"]["cure"].startswith("Delete the rows")
    keep("log.csv", lambda row: row["user"] != "7")(shelf)
    keep("users.csv", lambda row: row["user"] != "7")(shelf)
    assert findings(shelf, FUSION_FORGET_KEY=KEY) == (True, {})


class TestPseudonyms:
    @pytest.fixture
    def shelf(self, shelf):
        """A shelf in which users have pseudonyms, and a run is live that served them by theirs."""
        shelf.add("data", "pseudonyms = true")
        pseudonyms = Pseudonyms(KEY.encode())
        manifest = json.dumps({"data": {"key_mark": pseudonyms.mark}})
        live = [served(pseudonyms.of(str(user))) for user in range(1, 101)]
        live_with(*live, f"update run set manifest = '{manifest}'")(shelf)
        return shelf

    def test_the_key_is_set(self, shelf):
        ok, found = findings(shelf)
        assert (ok, set(found)) == (False, {"pseudonym_key"})
        assert "Set FUSION_PSEUDONYM_KEY to the key" in found["pseudonym_key"]["cure"]
        assert findings(shelf, FUSION_PSEUDONYM_KEY=KEY) == (True, {})

    def test_another_key_is_set_back(self, shelf):
        ok, found = findings(shelf, FUSION_PSEUDONYM_KEY=KEY[::-1])
        assert (ok, set(found)) == (False, {"pseudonyms_changed"})
        assert "Set FUSION_PSEUDONYM_KEY and [data]" in found["pseudonyms_changed"]["cure"]
        assert findings(shelf, FUSION_PSEUDONYM_KEY=KEY) == (True, {})

    def test_another_key_has_a_placement_of_its_own(self, shelf):
        assert set(findings(shelf, FUSION_PSEUDONYM_KEY=KEY[::-1])[1]) == {"pseudonyms_changed"}
        shelf.add("lists", 'placement = "new"')
        assert findings(shelf, FUSION_PSEUDONYM_KEY=KEY[::-1]) == (True, {})

    def test_pseudonyms_are_set_back(self, shelf):
        shelf.configure("pseudonyms = true", "pseudonyms = false")
        assert set(findings(shelf)[1]) == {"pseudonyms_changed"}
        shelf.configure("pseudonyms = false", "pseudonyms = true")
        assert findings(shelf, FUSION_PSEUDONYM_KEY=KEY) == (True, {})
