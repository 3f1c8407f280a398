"""Encoding of short texts: CPU time, peak memory, and what 2 million of them would take.

    python -m benchmarks.scale.texts --texts 50000

Encodes generated titles, half Chinese and half English, into an empty cache with one thread, reads
all of them back, and then the same again from the full cache. Each part runs in a process of its
own, whose CPU time and peak memory are those of encoding alone, the loading of the encoder
included. What 2 million texts would take is extrapolated from two sizes and said to be so.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.quality.text_shop import KINDS, TRAITS
from fusion.models.text.cached_encoding import EncodingOptions, encode_cached, fill_cache
from fusion.models.text.universal_encoder import UniversalEncoder

TARGET = 2_000_000
"""Texts of the line to be held: 45 minutes of CPU and 4 GiB."""
WORK = ("fill", "read")


def titles(count: int) -> list[str]:
    """Make distinct titles of about seven words, each from its number alone."""
    rng = np.random.default_rng(7)
    things = [pair.split(":") for text in KINDS.values() for pair in text.split()]
    traits = list(TRAITS)
    which = rng.integers(2, size=count)
    picked = rng.integers(len(things), size=(count, 2))
    worn = rng.integers(len(traits), size=(count, 2))
    made = []
    for number in range(count):
        language = which[number]
        words = [traits[trait][language] for trait in worn[number]]
        words += [things[thing][language].replace("_", " ") for thing in picked[number]]
        joint = " " if language else ""
        made.append(f"{joint.join(words)} {number}")
    return made


def measure(work: str, count: int, cache: Path) -> dict[str, float]:
    """Do a part of the work in this process."""
    texts = titles(count)
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.process_time()
    options = EncodingOptions(cache=cache)
    if work == "fill":
        fill_cache(UniversalEncoder(), texts, options)
    else:
        encode_cached(UniversalEncoder(), texts, options)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak_mb": peak / 1024, "before_mb": before.ru_maxrss / 1024}


def measured(work: str, count: int, cache: Path) -> dict[str, float]:
    """Do a part of the work in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale.texts", "--texts", str(count)]
    done = subprocess.run(
        [*command, "--work", work, "--cache", str(cache)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    """Print a line a size and part, and the extrapolation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=50_000)
    parser.add_argument("--work", choices=WORK, help="this part alone, into --cache")
    parser.add_argument("--cache", type=Path)
    given = parser.parse_args()
    if given.work:
        print(json.dumps(measure(given.work, given.texts, given.cache)))
        return
    sizes = [given.texts // 5, given.texts]
    found = {}
    for count in sizes:
        with TemporaryDirectory(prefix="texts-") as folder:
            for work in WORK:
                one = found[work, count] = measured(work, count, Path(folder))
                rate = count / one["seconds"]
                print(
                    f"{count:>9,} texts  {work}: {one['seconds']:7.1f} CPU s, {rate:7,.0f} texts a "
                    f"CPU second, peak {one['peak_mb']:,.0f} MB"
                )
    print(f"extrapolated, not measured: {TARGET:,} texts")
    for work in WORK:
        small, large = (found[work, count] for count in sizes)
        for what, unit, scale in (("seconds", "CPU minutes", 60), ("peak_mb", "GiB", 1024)):
            slope = (large[what] - small[what]) / (sizes[1] - sizes[0])
            expected = large[what] + slope * (TARGET - sizes[1])
            print(f"  {work}: {expected / scale:.1f} {unit}")


if __name__ == "__main__":
    main()
