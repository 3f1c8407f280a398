"""The curves of every kind of stage, as `benchmarks/scale/cost_model.py` wrote them.

A whole run on 27,431 generated ratings, and pieces of runs on 273,614 and 1,013,599.
"""

from fusion.planning.curve import Curve
from fusion.planning.stage_curves import StageCurves
from fusion.planning.workload import Factors

FACTORS = Factors(folds=5, sources=6, trials=8, rows=600_000, listed=30)
"""Settings under which the stages were measured."""
STAGES: dict[str, StageCurves] = {
    "contributions of sources": StageCurves(
        size="events",
        cpu_seconds=Curve(base=10.24, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "exposure": StageCurves(
        size="events",
        cpu_seconds=Curve(base=0.08, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "fit als on a fold": StageCurves(
        size="events",
        cpu_seconds=Curve(base=4.48, rate=3.5e-05, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "fit category on a fold": StageCurves(
        size="events",
        cpu_seconds=Curve(base=1.98, rate=7.27e-08, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "fit item_knn on a fold": StageCurves(
        size="events",
        cpu_seconds=Curve(base=6.96, rate=3.57e-05, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "fit popularity on a fold": StageCurves(
        size="events",
        cpu_seconds=Curve(base=1.77, rate=2.18e-07, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "fit sequence on a fold": StageCurves(
        size="events",
        cpu_seconds=Curve(base=5.79, rate=6.98e-06, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "fit user_knn on a fold": StageCurves(
        size="events",
        cpu_seconds=Curve(base=1.77, rate=1.16e-06, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "lists": StageCurves(
        size="users",
        cpu_seconds=Curve(base=1.39, rate=0.0038, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "lists of serving beside verdict": StageCurves(
        size="events",
        cpu_seconds=Curve(base=0.39, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "lists of verdict beside label-1": StageCurves(
        size="events",
        cpu_seconds=Curve(base=0.4, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "load": StageCurves(
        size="events",
        cpu_seconds=Curve(base=0.116, rate=7.15e-07, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "load lists into SQL": StageCurves(
        size="users",
        cpu_seconds=Curve(base=0.0, rate=0.000625, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "monitor": StageCurves(
        size="events",
        cpu_seconds=Curve(base=1.06, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "outside of steps": StageCurves(
        size="events",
        cpu_seconds=Curve(base=7.64, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "prune": StageCurves(
        size="events",
        cpu_seconds=Curve(base=0.03, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "publish": StageCurves(
        size="events",
        cpu_seconds=Curve(base=0.08, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "ranker": StageCurves(
        size="events",
        cpu_seconds=Curve(base=10.71, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "serving fits": StageCurves(
        size="events",
        cpu_seconds=Curve(base=1.74, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "serving ranker": StageCurves(
        size="events",
        cpu_seconds=Curve(base=4.96, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "table of a fold": StageCurves(
        size="users",
        cpu_seconds=Curve(base=5.8, rate=6.79e-05, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "twin ranker": StageCurves(
        size="events",
        cpu_seconds=Curve(base=4.8, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
    "verdict": StageCurves(
        size="events",
        cpu_seconds=Curve(base=1.84, rate=0.0, power=1.0),
        memory_mb=Curve(base=514.7, rate=0.00047194, power=1.0),
        cores=1.0,
    ),
}
DISK_MB: dict[str, Curve] = {
    "store": Curve(base=74.0, rate=0.000237, power=1.0),
    "run": Curve(base=10.7, rate=7.58e-06, power=1.0),
    "database": Curve(base=2.4, rate=7.58e-06, power=1.0),
}
