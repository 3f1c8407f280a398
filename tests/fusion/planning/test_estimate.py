"""The estimate of a training: by curves, by earlier runs, and by what sources say of themselves."""

from dataclasses import replace

import pytest

from fusion.config import CoreConfig
from fusion.planning.estimate import DECLARED_SHARE, estimate_training
from fusion.planning.kinds import fit_kind, is_side_by_side, kind_of
from fusion.planning.measured import STAGES
from fusion.planning.past_costs import past_costs
from fusion.planning.workload import Declared, Factors, Workload
from fusion.runs.manifest import Manifest

WORK = Workload(1_000_000, 7_000, 20_000, 3, {"first": "als", "popularity": "popularity"})
CONFIG = CoreConfig(tune={"trials": 0})


def stages_of(work=WORK, config=CONFIG, threads=2, **more):
    estimate = estimate_training(work, config, threads, **more)
    return estimate, {stage.name: stage for stage in estimate.stages}


def manifest(config=CONFIG, work=WORK, cpu=100.0, peak_mb=900, folds=3, **more) -> Manifest:
    """Make the manifest of a run that fitted `first` for some CPU seconds a fold."""
    names = [f"fit first on label-{number}" for number in range(1, folds + 1)]
    names += ["fit first on verdict", "fit first on serving"]
    step = {"seconds": cpu / 2, "cpu_seconds": cpu, "peak_mb": peak_mb, "raised_mb": 0}
    steps = [{"name": name, **step} for name in names]
    content = {
        "data": {"interactions": work.events, "users": work.users, "items": work.items},
        "config": config.model_dump(mode="json"),
        "environment": {"peak_mb": peak_mb},
        "steps": [*steps, {**step, "name": "a step of tomorrow"}],
        "files": {"lists.parquet": {"bytes": 3 * 2**20, "sha256": "0"}},
        "sources": [
            {"name": name, "use": use, "status": "used"} for name, use in work.uses.items()
        ],
    }
    return Manifest.of(content | more)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("fit als on label-2", "fit als on a fold"),
        ("fit als on hidden items", "fit als on a fold"),
        ("table of verdict", "table of a fold"),
        ("verdict", "verdict"),
        ("serving ranker", "serving ranker"),
        ("hidden items", "hidden items"),
        ("tune als", "tune als"),
    ],
)
def test_steps_of_a_kind_differ_by_their_fold_alone(step, kind):
    assert kind_of(step) == kind


def test_without_runs_curves_speak_and_fits_share_the_cores():
    one, stages = stages_of(threads=1)
    two, on_two = stages_of(threads=2)
    assert one.runs == []
    assert not any(stage.from_runs for stage in one.stages)
    assert one.cpu_seconds == two.cpu_seconds
    fit = fit_kind("first")
    assert stages[fit].cpu_seconds == stages[fit].seconds == pytest.approx(2 * on_two[fit].seconds)
    # By the recommender, whatever the source is called.
    curves = STAGES[fit_kind("als")]
    assert stages[fit].cpu_seconds == pytest.approx(curves.cpu_seconds.at(WORK.events), rel=0.01)
    assert one.peak_mb == max(stage.peak_mb for stage in one.stages)
    assert one.cpu_seconds == pytest.approx(sum(stage.cpu_seconds for stage in one.stages), abs=1)


def test_more_data_and_more_folds_take_more():
    small, _ = stages_of()
    large, _ = stages_of(replace(WORK, events=5_000_000, users=35_000))
    assert large.cpu_seconds > small.cpu_seconds
    assert large.peak_mb > small.peak_mb
    assert all(large.disk_mb[part] > size for part, size in small.disk_mb.items())
    more_folds, _ = stages_of(replace(WORK, folds=6))
    assert more_folds.cpu_seconds > small.cpu_seconds


def test_runs_of_this_configuration_say_what_their_stages_took():
    past = past_costs([("r1", manifest())], CONFIG, WORK)
    estimate, stages = stages_of(past=past)
    assert estimate.runs == ["r1"]
    fit = stages[fit_kind("first")]
    # Five fits of 100 CPU seconds, side by side on two cores.
    assert (fit.cpu_seconds, fit.seconds, fit.from_runs) == (500, 250, True)
    assert stages["a step of tomorrow"].cpu_seconds == 100
    assert not stages["lists"].from_runs
    assert estimate.peak_mb == pytest.approx(900, abs=5)
    assert estimate.disk_mb["run"] == 3


def test_what_runs_took_grows_along_the_curves():
    past = past_costs([("r1", manifest())], CONFIG, WORK)
    larger = replace(WORK, events=3_000_000, users=21_000)
    _, stages = stages_of(larger, past=past)
    curve = STAGES[fit_kind("als")].cpu_seconds
    growth = curve.at(3_000_000) / curve.at(1_000_000)
    assert stages[fit_kind("first")].cpu_seconds == pytest.approx(500 * growth, abs=0.01)
    # What nobody measured grows as the data does.
    assert stages["a step of tomorrow"].cpu_seconds == pytest.approx(300)
    estimate, _ = stages_of(larger, past=past)
    assert estimate.peak_mb > 900


def test_a_run_that_reused_its_stages_hides_no_older_one():
    runs = [("r2", manifest(cpu=0.01)), ("r1", manifest())]
    _, stages = stages_of(past=past_costs(runs, CONFIG, WORK))
    assert stages[fit_kind("first")].cpu_seconds == 500


def test_other_folds_of_an_earlier_run_are_counted():
    past = past_costs([("r1", manifest(folds=1))], CONFIG, WORK)
    assert past[0].work.folds == 1
    _, stages = stages_of(past=past)
    # Three fits then, five now.
    assert stages[fit_kind("first")].cpu_seconds == pytest.approx(500)


def test_runs_of_another_configuration_and_failed_ones_are_not_asked():
    other = CoreConfig(tune={"trials": 0}, ranker={"trees": 7})
    assert past_costs([("r1", manifest(other))], CONFIG, WORK) == []
    assert past_costs([("r1", Manifest.of({"error": "no disk"}))], CONFIG, WORK) == []
    # What decides no cost may differ.
    gate = CoreConfig(tune={"trials": 0}, gate={"users": 7})
    assert [run.run_id for run in past_costs([("r1", manifest(gate))], CONFIG, WORK)] == ["r1"]


def test_a_source_that_nobody_measured_says_itself_what_a_fit_costs():
    work = replace(WORK, uses={**WORK.uses, "mine": "theirs"})
    declared = {"mine": Declared(100.0, 4000.0), "first": Declared(1.0, 10.0)}
    estimate, stages = stages_of(work, declared=declared)
    plain, before = stages_of()
    folds = Factors.of(work, CONFIG).folds
    assert stages[fit_kind("mine")].cpu_seconds == 100 * DECLARED_SHARE * folds
    # What was measured is believed before what is declared; memory is declared for each.
    assert stages[fit_kind("first")].cpu_seconds == before[fit_kind("first")].cpu_seconds
    assert stages[fit_kind("first")].peak_mb == before[fit_kind("first")].peak_mb + 10
    assert estimate.peak_mb == pytest.approx(plain.peak_mb + 4000, abs=1)


def test_trials_are_fits_on_a_part_of_many_events():
    config = CoreConfig(tune={"trials": 4})
    declared = {"first": Declared(1.0, 10.0, is_tuned=True), "popularity": Declared(1.0, 1.0)}
    _, stages = stages_of(config=config, declared=declared)
    _, large = stages_of(replace(WORK, events=9_000_000), config, declared=declared)
    assert "tune popularity" not in stages
    assert large["tune first"].cpu_seconds == stages["tune first"].cpu_seconds > 0
    _, untuned = stages_of(declared=declared)
    assert "tune first" not in untuned


def test_only_fits_and_tuning_run_side_by_side():
    assert is_side_by_side("fit als on a fold")
    assert is_side_by_side("tune als")
    assert not any(map(is_side_by_side, ("lists", "table of a fold", "ranker")))
