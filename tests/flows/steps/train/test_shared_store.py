"""A shop whose stages machines share: pruned by age, forgotten there too, away for a while."""

import shutil
from datetime import timedelta

import pytest

from flows.session import Session
from flows.steps.keep.erase import OF_OTHERS
from flows.steps.keep.prune import prune
from fusion.runs import cleanup
from fusion.runs.stages import remote as remotes
from tests.flows.calling import call_main
from tests.flows.world import database, live_lists
from tests.s3_server import BUCKET, NEEDS_S3, objects, s3_server

pytestmark = NEEDS_S3


@pytest.fixture(scope="module")
def server():
    with s3_server() as started:
        yield started


@pytest.fixture
def shared_shop(own_shop, server, tmp_path):
    """A copy of the shop that shares stages; its third run offers all that it was made of."""
    configure(own_shop, f"s3://{BUCKET}/{tmp_path.name}")
    ended = call_main(own_shop, "run", "--json")
    assert ended.code in (0, 4), ended.err
    return own_shop


def configure(shop, url):
    config = shop / "fusion.toml"
    config.write_text(config.read_text() + f'\n[artifacts]\nstore = "{url}"\n')


@pytest.fixture
def session(shared_shop):
    opened = Session.open(shared_shop / "fusion.toml")
    yield opened
    opened.engine.dispose()


def test_a_night_on_a_fresh_machine_goes_on_from_the_one_before(shared_shop, caplog):
    before = live_lists(database(shared_shop))
    shutil.rmtree(shared_shop / "runs")
    caplog.clear()
    ended = call_main(shared_shop, "run", "--json")
    assert ended.code in (0, 4), ended.err
    assert "fit done" not in caplog.text + ended.err
    assert [*(shared_shop / "runs" / "store" / "fit").iterdir()]
    assert live_lists(database(shared_shop)) == before


def test_pruning_goes_by_age_and_says_so(session, shared_shop, monkeypatch):
    there = {stage.name for stage in session.remote.stages()}
    assert there
    assert there < {cleanup.name_of(stage) for stage in cleanup.stages(session.runs)}
    assert prune(session).shared_stages == 0
    monkeypatch.setattr(remotes, "LEAST_AGE", timedelta(seconds=-60))
    config = shared_shop / "fusion.toml"
    config.write_text(config.read_text() + "\n[retention]\ndays = 0\n")
    monkeypatch.setattr("flows.steps.keep.prune_stages.timedelta", lambda days: timedelta(-1))
    dry = call_main(shared_shop, "prune", "--dry-run")
    assert f"Would remove {len(there)} stages that machines share" in dry.out
    assert {stage.name for stage in session.remote.stages()} == there
    done = call_main(shared_shop, "prune", "--json")
    assert done.json["shared_stages"] == len(there)
    assert done.json["shared_bytes"] > 0
    assert session.remote.stages() == []
    # What this machine has of them is another matter.
    assert cleanup.stages(session.runs)


def test_who_is_forgotten_goes_from_there_too(session, shared_shop):
    key = {"FUSION_FORGET_KEY": "k" * 40}
    assert session.remote.stages()
    ended = call_main(shared_shop, "forget", "u1", "--json", **key)
    assert ended.code == 0, ended.err
    assert session.remote.stages() == []
    assert OF_OTHERS in ended.json["out_of_reach"]


def test_a_server_that_is_away_leaves_what_is_live_and_what_only_looks(own_shop, server, request):
    configure(own_shop, "s3://none/at-all")
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    objects().clear_instance_cache()  # as in a process of its own
    request.addfinalizer(lambda: objects().clear_instance_cache())
    before = live_lists(database(own_shop))
    ended = call_main(own_shop, "run", **away)
    assert ended.code == 75, ended.err
    assert "run the same command again" in ended.err
    assert "Traceback" not in ended.err
    assert live_lists(database(own_shop)) == before
    for verb in (["status"], ["plan"], ["runs"], ["show", "u1"]):
        assert call_main(own_shop, *verb, **away).code == 0, verb
    # What cannot be pruned there waits; the rest of the prune is done.
    pruned = call_main(own_shop, "prune", **away)
    assert pruned.code == 75
    assert "stages that machines share stay for now" in pruned.out + pruned.err


def test_a_bucket_that_is_not_there_is_named_before_anything_is_fitted(own_shop, server):
    configure(own_shop, "s3://no-such-bucket/stages")
    ended = call_main(own_shop, "run")
    assert ended.code == 2
    assert "make the bucket or folder, or correct the URL" in ended.err
    checked = call_main(own_shop, "check", "--json")
    found = {finding["subject"]: finding for finding in checked.json["findings"]}
    assert found["artifacts.store"]["code"] == "no_folder"


@pytest.mark.parametrize(
    "url", ["http://bucket/x", "s3://", "bucket", "s3://key:hidden-word@bucket/x", "file://x/y"]
)
def test_a_url_of_another_kind_is_refused_without_its_secret(url, own_shop):
    configure(own_shop, url)
    ended = call_main(own_shop, "run")
    assert ended.code == 2
    assert "[artifacts] store" in ended.err
    assert "hidden-word" not in ended.err
