"""Train in a process of its own, which may be killed.

python -m benchmarks.night.fast_motion.training CONFIG MOMENT
"""

import sys
from datetime import datetime
from pathlib import Path

from flows.session import Session
from flows.steps.retrain.loop import retrain_loop
from fusion.core.clocks import clock_at


def main(config: str, moment: str) -> int:
    """Ask the policy at a moment, as the schedule of another host would.

    Args:
        config: path of the configuration.
        moment: aware time, ISO.

    Returns:
        The exit code.
    """
    session = Session.open(Path(config), by="another host", attended=False)
    with clock_at(datetime.fromisoformat(moment)):
        return retrain_loop(session).exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
