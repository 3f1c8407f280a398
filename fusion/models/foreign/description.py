"""What a source says of itself, as plain values that one process hands to another."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from fusion.core.settings import Settings
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import source_code


class FieldDescription(BaseModel):
    """A setting of a source.

    Attributes:
        is_whole: it takes whole numbers.
        default: as JSON; None also where it has none.
        extra: marks of the field, such as the range that tuning searches.
    """

    model_config = ConfigDict(strict=True)

    is_whole: bool
    default: Any
    extra: dict[str, Any]


class SourceDescription(BaseModel):
    """A source with its settings, unfitted: all of it that decides without being run.

    Attributes:
        required: capabilities that the data must have under these settings.
        code: hash of the file that defines it.
        cache_key: what its fits read besides data and settings.
        predicts_ratings: it overrides `predict_ratings`, and likewise below.
        fields: its settings by name.
        values: all of them as they are set, as JSON.
    """

    model_config = ConfigDict(strict=True)

    scores_new_items: bool
    proposes: bool
    slow: bool
    supports_warm_start: bool
    reason_text: str
    needs: list[str]
    required: list[str]
    code: str
    cache_key: str
    predicts_ratings: bool
    compares_items: bool
    overrides_tuning: bool
    fields: dict[str, FieldDescription]
    values: dict[str, Any]


def describe_source(model: Recommender) -> SourceDescription:
    """Ask a source for all that its description holds.

    Args:
        model: the source, unfitted.
    """
    cls = type(model)
    return SourceDescription(
        scores_new_items=bool(cls.scores_new_items),
        proposes=bool(cls.proposes),
        slow=bool(cls.slow),
        supports_warm_start=bool(cls.supports_warm_start),
        reason_text=cls.reason_text,
        needs=sorted(cls.needs),
        required=sorted(model.required()),
        code=source_code(cls),
        cache_key=model.cache_key(),
        predicts_ratings=cls.predict_ratings is not Recommender.predict_ratings,
        compares_items=cls.history_similarity is not Recommender.history_similarity,
        overrides_tuning=cls.tuning_overrides is not Recommender.tuning_overrides,
        fields=_describe_fields(cls.Config),
        values=model.config.model_dump(mode="json"),
    )


def _describe_fields(settings: type[BaseModel]) -> dict[str, FieldDescription]:
    described = {}
    for name, info in settings.model_fields.items():
        extra = info.json_schema_extra
        default = info.get_default(call_default_factory=True, validated_data={})
        described[name] = FieldDescription(
            is_whole=info.annotation is int,
            default=json.loads(json.dumps(default, default=lambda value: None)),
            extra=dict(extra) if isinstance(extra, dict) else {},
        )
    return described


def settings_class(description: SourceDescription) -> type[Settings]:
    """Return a class of settings that reads as that of the source does: names, defaults, marks.

    It checks nothing: values are checked where the source is, and taken here as they are.

    Args:
        description: of the source.
    """
    fields: dict[str, Any] = {}
    for name, field in description.fields.items():
        # Tuning draws whole numbers for these alone.
        annotation = int if field.is_whole else Any
        fields[name] = (annotation, Field(field.default, json_schema_extra=field.extra or None))
    model: type[Settings] = create_model("ForeignSettings", __base__=Settings, **fields)
    return model
