"""CPU seconds and peak memory of the judgement of generated data.

    python -m benchmarks.hostile.speed --events 1000000

As many users as a twentieth of the events, and a hundredth as many items as events.
"""

import argparse
import resource
import time

from benchmarks.quality.generate import interactions
from fusion.api import from_frames
from fusion.data.suspicion.judge import suspicious_users


def main() -> None:
    """Generate, judge, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    given = parser.parse_args()
    n_users, n_items = given.events // 20, max(given.events // 100, 1500)
    frame = interactions(n_users, n_items, given.events, seed=1)
    settings = {"columns": {"time": "time"}, "suspicious": "keep"}
    data = from_frames(frame, settings=settings)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    suspicion = suspicious_users(data)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{len(data)} events of {data.n_users} users with {data.n_items} items: {seconds:.1f} CPU "
        f"s, {(peak - before) / 1024:.0f} MB above {before / 1024:.0f}; "
        f"{len(suspicion.users)} suspected"
    )


if __name__ == "__main__":
    main()
