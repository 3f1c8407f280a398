"""A program that asks Prefect, in a process of its own: its log handlers stay in who imports it.

Called with the path of a `prefect.yaml` and of a configuration, it prints one JSON document.
"""

import json
import sys
from pathlib import Path

import yaml
from prefect.flows import load_flow_from_entrypoint
from prefect.settings import Settings

from flows.prefect_flows.deployments import deployments


def variables(model) -> set[str]:
    """Names of the environment that a model of settings reads."""
    prefix = model.model_config.get("env_prefix", "")
    names = set()
    for name, field in model.model_fields.items():
        names.add(f"{prefix}{name}")
        choices = getattr(field.validation_alias, "choices", ())
        names |= {choice for choice in choices if isinstance(choice, str)}
        if hasattr(field.annotation, "model_fields"):
            names |= variables(field.annotation)
    return names


def refusals(declared: list[dict]) -> dict[str, str]:
    """What is wrong with the flows that deployments name, by their names."""
    found = {}
    for one in declared:
        try:
            load_flow_from_entrypoint(one["entrypoint"]).validate_parameters(one["parameters"])
        except Exception as wrong:
            found[one["name"]] = repr(wrong)
    return found


def main(declared: Path, config: Path) -> None:
    served = [
        (deployment.name, deployment.entrypoint, bool(deployment.schedules))
        for deployment in deployments(config, served_by="test")
    ]
    answer = {
        "variables": sorted(name.upper() for name in variables(Settings)),
        "served": served,
        "refusals": refusals(yaml.safe_load(declared.read_text())["deployments"]),
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
