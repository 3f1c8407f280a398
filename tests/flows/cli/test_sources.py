"""`fusion sources`: what `use` may name, with the memory of a fit on the user's data."""

from fusion.config import DEFAULT_SOURCES
from fusion.models.base.registry import known
from tests.flows.calling import call, call_main
from tests.flows.test_foreign_packages import with_package
from tests.flows.world import fusion, make_shop


def by_name(answer) -> dict[str, dict]:
    return {source["use"]: source for source in answer["sources"]}


def test_every_source_is_listed_with_memory_for_the_data_of_the_newest_run(shop):
    answer = call(shop, "sources", "--json").json
    sources = by_name(answer)
    assert set(sources) == set(known())
    newest = call(shop, "runs", "--limit", "1", "--json").json[0]["run_id"]
    assert answer["sizes"]["of"] == f"the data of run {newest}"
    items = answer["sizes"]["items"]
    assert (items, answer["sizes"]["interactions"]) == (60, 2078)
    # as docs/sources.md says of it: 8 I² bytes
    assert sources["ease"]["memory_bytes"] == 8 * items**2
    taking_part = [use for use, source in sources.items() if source["configured_as"]]
    assert taking_part == ["ease", "item_knn", "popularity"]
    for use, cls in known().items():
        assert sources[use]["settings"].keys() == cls.Config.model_fields.keys()
        assert set(sources[use]["needs"]) >= cls.needs


def test_settings_of_the_configuration_count_for_memory_and_defaults_stay(tmp_path):
    rows = '\n[[sources]]\nname = "{}"\nuse = "als"\nsettings = {{ factors = {} }}\n'
    make_shop(tmp_path, rows.format("small", 8) + rows.format("large", 512))
    als = by_name(call(tmp_path, "sources", "--json").json)["als"]
    assert als["configured_as"] == ["small", "large"]
    assert als["settings"]["factors"] == 64
    # two vectors of 512 floats for each of 150 users and items, at the least
    assert als["memory_bytes"] > 2 * 4 * 512 * 150


def test_without_a_run_the_data_is_read_and_what_cannot_be_read_is_said(bare, tmp_path):
    answer = call(bare, "sources", "--json").json
    assert answer["sizes"] == {"users": 91, "items": 60, "interactions": 2078, "of": "the data"}
    make_shop(tmp_path)
    (tmp_path / "ratings.csv").unlink()
    answer = call(tmp_path, "sources", "--json").json
    assert answer["sizes"]["of"] == "an example"
    assert "ratings.csv" in answer["note"]
    assert set(by_name(answer)) == set(known())


def test_without_a_configuration_the_default_set_stands_on_an_example(tmp_path):
    ended = call_main(tmp_path, "sources")
    assert ended.code == 0
    marked = [line.split()[1] for line in ended.out.splitlines() if line.startswith(" →")]
    assert sorted(marked) == sorted(DEFAULT_SOURCES)
    assert "an example: 100,000 users, 10,000 items and 10,000,000 interactions" in ended.out
    assert call_main(tmp_path, "sources", "--config", "none.toml").code == 2


def test_sources_of_packages_are_listed_broken_ones_with_the_reason(bare, tmp_path):
    env = with_package(tmp_path, mine="ExitsInFit", broken="NotThere")
    ended = fusion(bare, "sources", "--json", **env)
    assert ended.code == 0, ended.err
    sources = by_name(ended.json)
    assert sources["mine"]["offered_by"].startswith("hostile 1.0, ")
    assert (sources["mine"]["problem"], sources["mine"]["memory_bytes"] is None) == ("", False)
    assert "cannot be imported" in sources["broken"]["problem"]
    assert sources["ease"]["offered_by"] is None
    shown = fusion(bare, "sources", **env).out
    assert "mine: from hostile 1.0, " in shown
    assert "broken: from hostile 1.0, " in shown
