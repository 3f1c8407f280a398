"""`[storage] schema`: a word of SQL is a name as any other; what is no plain name is refused."""

import pytest

from tests.flows.calling import call


@pytest.mark.postgres
def test_the_loop_in_a_schema_whose_name_is_a_word_of_sql(postgres_url, own_shop):
    place = {"FUSION_STORAGE__URL": postgres_url, "FUSION_STORAGE__SCHEMA": "user"}
    ended = call(own_shop, "run", "--json", **place)
    assert ended.code in (0, 4), ended
    status = call(own_shop, "status", "--json", **place)
    assert status.json["live"]["run_id"] == ended.json["run"]["id"]
    assert len(call(own_shop, "show", "u1", "--json", **place).json) == 5
    database = call(own_shop, "db", "status", "--json", **place).json
    assert (database["schema"], database["missing"], database["foreign"]) == ("user", [], [])


@pytest.mark.parametrize("name", ["Order", "with space", 'a"b', "1st", "größe", "a.b", ""])
def test_what_is_no_plain_name_is_refused_with_a_sentence(name, bare):
    url = "postgresql+psycopg://localhost/shop"
    ended = call(bare, "status", FUSION_STORAGE__URL=url, FUSION_STORAGE__SCHEMA=name)
    assert ended.code == 2, ended
    assert f"[storage] schema: {name!r} is none; it must match ^[a-z_]" in ended.message
