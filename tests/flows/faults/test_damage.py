"""Every file of a run folder, and the database, damaged: each verb ends well or names it.

Live lists read the same before and after. Stages have tests/fusion/runs/test_damage.py.
"""

import shutil
from pathlib import Path

import pytest

from flows.steps.keep.forgotten import KEY
from tests.flows.calling import Called, call
from tests.flows.world import PERSON, STRANGER, database, live_lists, query
from tests.fusion.runs.test_damage import DAMAGES, empty, truncate

pytestmark = pytest.mark.faults

FILES = (
    "catalogue.parquet",
    "fallback.parquet",
    "ids/items.parquet",
    "ids/users.parquet",
    "lists.parquet",
    "manifest.json",
    "monitor/before/interactions.parquet",
    "monitor/before/items.parquet",
    "monitor/before/users.parquet",
    "monitor/features.parquet",
    "monitor/features_before.parquet",
    "monitor/now/interactions.parquet",
    "monitor/now/items.parquet",
    "monitor/now/users.parquet",
    "monitor/twin.parquet",
    "ranker/columns.json",
    "ranker/ranker-0.txt",
    "ranker/source_prior.json",
    "report/drift.json",
    "report/features.json",
    "report/stability.json",
    "questions.parquet",
    "co_likes.parquet",
    "served.parquet",
    "titles.parquet",
    "why.parquet",
    "history.parquet",
)
READING = {
    "status": ("status",),
    "runs": ("runs",),
    "show": ("show", "u1"),
    "show --why": ("show", "u1", "--why"),
    "show of a fallback": ("show", STRANGER),
    "show --items": ("show", "--items", "i1"),
    "ask": ("ask",),
    "diff": ("diff",),
    "publish": ("publish", "live"),
    "monitor": ("monitor",),
}
WRITING = {
    "run": ("run",),
    "prune": ("prune",),
    "forget": ("forget", PERSON),
    "rollback": ("rollback",),
}
KEYS = {KEY: "k" * 40}
LIVE = "select run_id from run join slot using (run_no) where slot.name = 'live'"
FALLBACK = "select segment, rank, item_id, score from current_fallback order by segment, rank"


def live_id(shop: Path) -> str:
    ((run_id,),) = query(database(shop), LIVE)
    return run_id


def words_of(shop: Path, name: str) -> tuple[str, ...]:
    if name != "diff":
        return (READING | WRITING)[name]
    (before,) = {folder.name for folder in (shop / "runs").glob("2*")} - {live_id(shop)}
    return ("diff", before, "live")


def shown(shop: Path) -> tuple[list, list]:
    return live_lists(database(shop)), query(database(shop), FALLBACK)


def called(shop: Path, name: str) -> Called:
    """Call a verb; it ends in 0, in 2 with the damage and a cure, or for alerts in 4."""
    ended = call(shop, *words_of(shop, name), "--json", **KEYS)
    may_alert = name in ("monitor", "run")
    assert ended.code in (0, 2) or (ended.code == 4 and may_alert), (name, ended)
    return ended


def assert_names_it(name: str, ended: Called, file: str) -> None:
    said = ended.message or ended.out  # prune does all that it can, and has a result
    # Without its manifest a folder is none.
    is_named = file in said or (file == "manifest.json" and "no folder" in said)
    assert is_named, (name, said)
    assert "backup" in said, (name, said)


def assert_damage_is_named(shop: Path, file: str) -> None:
    checked = call(shop, "check", "--store", "--json")
    of_training = not file.startswith("report/")  # written later, and made again by `monitor`
    assert (checked.code, file in checked.out) == ((2, True) if of_training else (0, False))


@pytest.fixture(scope="module")
def answers(shop, tmp_path_factory) -> dict[str, str]:
    """The answer of each verb that reads, over whole files."""
    copy = shutil.copytree(shop, tmp_path_factory.mktemp("whole") / "shop")
    answers = {name: called(copy, name) for name in READING}
    assert all(answer.code != 2 for answer in answers.values()), answers
    return {name: answer.out for name, answer in answers.items()}


def test_every_file_of_a_run_folder_is_damaged(shop):
    folder = shop / "runs" / live_id(shop)
    files = [file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()]
    assert sorted(files) == sorted(FILES)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_verb_that_reads_gives_its_answer_or_names_the_damage(file, damage, own_shop, answers):
    before, whole = shown(own_shop), own_shop.with_name("whole")
    damage(own_shop / "runs" / live_id(own_shop) / file)
    shutil.copytree(own_shop, whole)
    for name in READING:
        ended = called(own_shop, name)
        if ended.code == 2:
            assert_names_it(name, ended, file)
        elif name not in ("monitor", "publish"):  # which tell times
            assert ended.out == answers[name].replace(str(whole), str(own_shop)), name
    assert shown(own_shop) == before
    assert_damage_is_named(own_shop, file)


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.parametrize("file", FILES)
def test_a_verb_that_writes_works_or_changes_nothing(file, name, own_shop):
    before, earlier = shown(own_shop), live_id(own_shop)
    damage = DAMAGES[(FILES.index(file) + [*WRITING].index(name)) % len(DAMAGES)]
    damage(own_shop / "runs" / earlier / file)
    ended = called(own_shop, name)
    without_person = ([row for row in before[0] if row[0] != PERSON], before[1])
    if ended.code == 2:
        assert_names_it(name, ended, file)
        # Rows in SQL go before those in folders; the same call goes on once the damage is mended.
        assert shown(own_shop) in ([before, without_person] if name == "forget" else [before])
    elif name == "prune":
        assert shown(own_shop) == before
    elif name == "forget":
        assert shown(own_shop) == without_person
        assert_damage_is_named(own_shop, file)
    else:
        assert live_id(own_shop) != earlier
        assert len(shown(own_shop)[0]) == len(before[0])


@pytest.mark.parametrize("damage", [truncate, empty])
@pytest.mark.parametrize("name", [*READING, *WRITING])
def test_a_damaged_database_is_named_and_a_backup_is_the_cure(name, damage, own_shop):
    """An empty file is a new database to SQLite, as one that is not there."""
    words, file = words_of(own_shop, name), own_shop / "fusion.db"
    query(database(own_shop), "pragma wal_checkpoint(truncate)")
    backup, before = shutil.copyfile(file, own_shop / "backup"), shown(own_shop)
    damage(file)
    ended = call(own_shop, *words, "--json", **KEYS)
    if damage is truncate:
        assert ended.code == 2, ended
        assert "Restore a backup" in ended.message
    assert ended.code in (0, 1, 2, 4), ended
    for log in own_shop.glob("fusion.db-*"):
        log.unlink()
    shutil.copyfile(backup, file)
    assert shown(own_shop) == before
