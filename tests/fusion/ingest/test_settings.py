import pytest
from pydantic import BaseModel, ValidationError

from fusion.ingest.settings import DataSettings


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Field required"),
        ({"interactions": " "}, "give a file, folder or glob"),
        ({"interactions": {"url": "sqlite://"}}, "a SQL input needs both"),
        ({"interactions": "a", "timezone": "Peking"}, "no time zone"),
        ({"interactions": "a", "events": {"buy": 1}}, r"needs \[data.columns\] event"),
        (
            {"interactions": "a", "events": {"return": -1}, "columns": {"event": "e"}},
            "weights start at 0",
        ),
        ({"interactions": "a", "item_features": {"text": ["title"]}}, r"needs \[data\] items"),
        ({"interactions": "a", "user_features": {"number": ["age"]}}, r"needs \[data\] users"),
        (
            {"interactions": "a", "items": "i", "item_features": {"category": ["text"]}},
            "cannot use the name text",
        ),
        (
            {
                "interactions": "a",
                "items": "i",
                "item_features": {"category": ["a"], "number": ["a"]},
            },
            "names a twice",
        ),
        ({"interactions": "a", "colums": {}}, "Extra inputs"),
    ],
)
def test_what_cannot_be_meant_is_refused(values, words):
    with pytest.raises(ValidationError, match=words):
        DataSettings(**values)


def test_one_column_is_not_both_ids():
    with pytest.raises(ValidationError, match="user and item both name the column"):
        DataSettings(interactions="a", columns={"user": "who", "item": "who"})


def test_ids_of_tables_are_called_as_in_the_interactions_unless_said():
    settings = DataSettings(
        interactions="a", columns={"user": "u", "item": "i"}, user_columns={"id": "who"}
    )
    assert (settings.user_id, settings.item_id) == ("who", "i")


def test_every_field_is_described():
    def look(model: type[BaseModel]) -> None:
        for name, info in model.model_fields.items():
            assert info.description, f"{model.__name__}.{name}"
            if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
                look(info.annotation)

    look(DataSettings)


def test_an_address_of_a_database_is_never_shown():
    given = DataSettings(
        interactions={"url": "postgresql://me:secret@host/shop", "query": "select 1"}
    )
    assert "secret" not in repr(given)
    assert "select 1" in repr(given)
