"""Ownership of deployments, on a real server, in a process that may import Prefect."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.world import environment

pytestmark = pytest.mark.prefect
CASES = Path(__file__).with_name("cases_of_ownership.py")
ROOT = Path(__file__).parents[3]


def test_whoever_serves_a_deployment_owns_it(server, bare):
    env = environment(CASES_CONFIG=str(bare / "fusion.toml"), PYTHONPATH=str(ROOT), **server.env)
    line = [sys.executable, "-m", "pytest", str(CASES), "-p", "no:cacheprovider"]
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
