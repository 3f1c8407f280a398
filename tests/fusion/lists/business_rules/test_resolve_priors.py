"""Priors by name against the data: flags of items, and findings about what is not there."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from fusion.config import CoreConfig, PriorSettings
from fusion.config.priors import MAX_PRIORS
from fusion.data.splitting.fold import Fold
from fusion.errors import ConfigError
from fusion.lists.business_rules.resolve_priors import resolve_priors, with_priors
from fusion.runs.stages.keys import fold_key, input_key
from tests.fusion.making import dataset, frame_of, item_frame


@pytest.fixture(scope="module")
def shop():
    return dataset(frame_of([("u", f"i{number}", number) for number in range(12)]), item_frame(12))


def prior(history, items, name="mine"):
    return PriorSettings(name=name, history=history, items=items)


def ids(shop, flags):
    return set(shop.item_ids.values.filter(flags).to_list())


def test_categories_and_ids_are_looked_up_and_add_up(shop):
    (resolved,), findings = resolve_priors([prior(["genres=jazz", "i0"], ["i3"])], shop)
    jazz = {f"i{number}" for number, has in enumerate(of_genre(shop, "jazz")) if has}
    assert jazz
    assert ids(shop, resolved.in_history) == jazz | {"i0"}
    assert ids(shop, resolved.concerned) == {"i3"}
    assert not findings


def of_genre(shop, genre):
    table = shop.item_table["genres"]
    by_id = dict(zip(shop.item_ids.values.to_list(), table.to_list(), strict=True))
    return [genre in (by_id[f"i{number}"] or []) for number in range(12)]


def test_an_item_that_looks_like_a_category_is_an_item():
    named = dataset(frame_of([("u", "genres=jazz", 1), ("u", "17", 2)]), None)
    (resolved,), findings = resolve_priors([prior(["genres=jazz"], [17])], named)
    assert resolved.in_history.tolist() == [True, False]
    assert resolved.concerned.tolist() == [False, True]
    assert not findings


def test_what_the_data_lacks_is_named_with_what_is_near(shop):
    wrong = [prior(["genre=jazz", "nobody"], ["genres=jaz"], name="a")]
    _, findings = resolve_priors(wrong, shop)
    said = {finding.code: (finding.severity, finding.message) for finding in findings}
    assert said.keys() == {"prior_item", "prior_column", "prior_value"}
    assert said["prior_column"][0] == "error"
    assert "prior 'a'" in said["prior_column"][1]
    assert "Did you mean 'genres'?" in said["prior_column"][1]
    assert (said["prior_item"][0], said["prior_value"][0]) == ("warning", "warning")
    assert "Did you mean 'jazz'?" in said["prior_value"][1]
    with pytest.raises(ConfigError, match="no category column 'genre'"):
        with_priors(shop, wrong)


def test_without_priors_nothing_is_another_thing(shop):
    same, findings = with_priors(shop, ())
    assert same is shop
    assert not findings
    assert input_key(shop) == shop.digest
    keys = {"data", "labels", "held_out", "dropped", "as_of"}
    assert fold_key(fold_of(shop)).keys() == keys


def fold_of(data):
    none = np.empty(0, np.int32)
    return Fold("serving", data, data.last_times + 1, data.as_of, none, none)


def test_keys_of_folds_follow_priors_and_the_digest_of_the_data_does_not(shop):
    of_jazz, _ = with_priors(shop, [prior(["genres=jazz"], ["i3"])])
    of_noir, _ = with_priors(shop, [prior(["genres=noir"], ["i3"])])
    renamed, _ = with_priors(shop, [prior(["genres=jazz"], ["i3"], name="other")])
    every = [shop, of_jazz, of_noir, renamed]
    assert len({str(fold_key(fold_of(data))) for data in every}) == len(every)
    assert len({str(input_key(data)) for data in every}) == len(every)
    assert len({data.digest for data in every}) == 1


def test_folds_and_fewer_items_keep_priors(shop):
    data, _ = with_priors(shop, [prior(["genres=jazz"], ["i3", "i9"])])
    assert data.before(shop.as_of - 1).priors == data.priors
    assert data.trim_users().priors == data.priors
    (short,) = data.trim_items(5).priors
    assert short.in_history.tolist() == data.priors[0].in_history[:5].tolist()
    assert short.concerned.tolist() == data.priors[0].concerned[:5].tolist()
    assert replace(data, priors=()).digest == data.digest


@pytest.mark.parametrize(
    "entries",
    [
        [{"name": "a b", "history": ["x"], "items": ["y"]}],
        [{"name": "a", "history": [], "items": ["y"]}],
        [{"name": "a", "history": ["x"]}],
        [{"name": "a", "history": ["x"], "items": ["y"]}] * 2,
        [{"name": f"p{n}", "history": ["x"], "items": ["y"]} for n in range(MAX_PRIORS + 1)],
    ],
)
def test_what_is_no_prior_is_refused(entries):
    with pytest.raises(ValidationError):
        CoreConfig(priors=entries)
