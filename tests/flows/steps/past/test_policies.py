"""Policies of a replay: four that are always there, and those of files."""

import pytest

from flows.retrain_settings import RetrainSettings
from flows.steps.past.policies import policies_of
from fusion.errors import ConfigError


def test_age_alone_has_every_trigger_off_and_keeps_the_rest():
    configured = RetrainSettings(max_age=9, cooldown=3)
    _, _, age, as_configured = policies_of(configured)
    triggers = [value.enabled for _, value in age.settings if hasattr(value, "enabled")]
    assert triggers
    assert not any(triggers)
    assert (age.settings.max_age, age.settings.cooldown) == (9, 3)
    assert as_configured.settings == configured


def test_a_file_gives_a_row_of_its_name(tmp_path):
    file = tmp_path / "monthly.toml"
    file.write_text("[retrain]\nmax_age = 28\n")
    policy = policies_of(RetrainSettings(), [file])[-1]
    assert (policy.name, policy.settings.max_age) == ("monthly", 28)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("never", "[retrain]\n", "taken"),
        ("a b", "[retrain]\n", "other characters"),
        ("odd", "[retrain]\nmax_ages = 28\n", "Did you mean 'max_age'"),
        ("odd", "[retrain]\n[lists]\nsize = 3\n", "unknown key"),
        ("odd", "", "is needed"),
    ],
)
def test_a_file_that_is_no_policy_is_refused(tmp_path, name, text, says):
    file = tmp_path / f"{name}.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        policies_of(RetrainSettings(), [file])
