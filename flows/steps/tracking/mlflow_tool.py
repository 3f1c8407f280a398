"""MLflow, over its server: an experiment a placement, a run of it for each run."""

import json
import os
import re
import time
from typing import Any

from flows.steps.tracking.experiment import Experiment

LONGEST = 500
"""Letters of a parameter that every store of MLflow takes."""
_BATCH = 100
"""Parameters in one request, as MLflow allows."""
_NOT_ALLOWED = re.compile(r"[^\w\-. /]")


class MlflowTool:
    """Writes to a tracking server."""

    def __init__(self, uri: str | None) -> None:
        """Keep the address.

        Args:
            uri: of the server or a store; None for MLflow's own default.
        """
        # Nothing of ours is told to anybody else.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        self.uri = uri

    def write(self, experiment: Experiment) -> None:
        """Keep a run; one that is there already gets a second one of its name.

        Args:
            experiment: the run.
        """
        from mlflow.entities import Metric, Param  # noqa: PLC0415
        from mlflow.tracking import MlflowClient  # noqa: PLC0415

        client = MlflowClient(tracking_uri=self.uri)
        name = f"fusion {experiment.placement}"
        known = client.get_experiment_by_name(name)
        number = known.experiment_id if known else client.create_experiment(name)
        run = client.create_run(number, run_name=experiment.run_id, tags=experiment.tags)
        run_id = run.info.run_id
        now = int(time.time() * 1000)
        parameters = [
            Param(_name(key), value[:LONGEST]) for key, value in experiment.parameters.items()
        ]
        metrics = [Metric(_name(one.name), one.value, now, one.step) for one in experiment.metrics]
        for some in _parts(parameters, _BATCH):
            client.log_batch(run_id, params=some)
        for many in _parts(metrics, _BATCH):
            client.log_batch(run_id, metrics=many)
        client.log_text(run_id, json.dumps(experiment.table, indent=1), "verdict.json")
        for file in experiment.files:
            client.log_artifact(run_id, str(file))
        client.set_terminated(run_id)


def _parts(values: list[Any], size: int) -> list[list[Any]]:
    """Cut a list into parts.

    Args:
        values: any.
        size: of each part but the last.
    """
    return [values[start : start + size] for start in range(0, len(values), size)]


def _name(text: str) -> str:
    """Replace what MLflow takes in no name."""
    return _NOT_ALLOWED.sub("_", text)
