"""TensorBoard, into a folder: a run each, with its curves, and the figures of all runs in a row."""

import json
from pathlib import Path
from urllib.parse import quote

from flows.steps.tracking.experiment import Experiment
from fusion.runs.run_folder import folder_of

ALL_RUNS = "all runs"
"""Folder of the figures of every run, by its number: how they change from run to run."""


class TensorboardTool:
    """Writes event files, which `tensorboard --logdir` shows."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder.

        Args:
            folder: of all placements.
        """
        self.folder = folder

    def write(self, experiment: Experiment) -> None:
        """Keep a run.

        Args:
            experiment: the run.
        """
        from tensorboardX import SummaryWriter  # noqa: PLC0415

        # A placement's name may hold any letters, those of a path among them.
        placement = self.folder / quote(experiment.placement, safe="").replace(".", "%2E")
        with SummaryWriter(str(folder_of(placement, experiment.run_id))) as writer:
            settings = {**experiment.tags, **experiment.parameters}
            writer.add_text("settings", f"```\n{json.dumps(settings, indent=1)}\n```")
            writer.add_text("verdict", f"```\n{json.dumps(experiment.table, indent=1)}\n```")
            for one in experiment.metrics:
                writer.add_scalar(one.name, one.value, one.step)
        with SummaryWriter(str(placement / ALL_RUNS)) as writer:
            for one in experiment.metrics:
                if not one.name.startswith("curve/"):
                    writer.add_scalar(one.name, one.value, experiment.run_no)
