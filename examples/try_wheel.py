"""Build the wheel and try it as a new user has it: in environments without the repository.

One environment has everything, and every verb is tried in it. Others have the base, or one extra
alone: what they lack is named by each verb that needs it. Takes minutes and gigabytes.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).resolve().parents[1]
ALONE = {
    "base": (),
    "train": ("train",),
    "neural": ("train", "neural"),
    "text": ("train", "text"),
    "sentence-transformers": ("train", "neural", "text", "sentence-transformers"),
    "prefect": ("prefect",),
    "dashboards": ("dashboards",),
    "postgres": ("postgres",),
}
"""Environments beside the whole one, and the extras that are there with each."""
CONFIG = '[[sources]]\nname = "popularity"\n[[sources]]\nname = "ease"\n[tune]\ntrials = 0\n'
KEY = {"FUSION_FORGET_KEY": "a key of thirty-two characters or more"}
TRAINED = {0, 1, 4}
"""Published, refused, or with an alert: which of them, numbers made by a formula decide."""
PAST = ["--from", "2024-04-08", "--to", "2024-04-15"]
"""Dates of the ratings, two with a week between them."""
PORT = "8765"
UP_SECONDS = 600
"""How long a verb may take until it serves: the dashboards draw a page first."""


class Environment:
    """A virtual environment with the wheel and some extras."""

    def __init__(self, folder: Path, wheel: Path, extras: tuple[str, ...]) -> None:
        self.bin = folder / "bin"
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        wanted = f"{wheel}[{','.join(extras)}]" if extras else str(wheel)
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--constraint", HERE / "constraints.txt", wanted], check=True)
        subprocess.run([self.bin / "python", "-m", "pip", "check", "--quiet"], check=True)
        print(f"{', '.join(extras) or 'base'}: installed in {time.monotonic() - began:.0f} s")

    def fusion(self, place: Path, *words: str, ends: set[int]) -> str:
        """Run a verb, see that it ends as it should, and return all that it wrote."""
        done = subprocess.run(
            [self.bin / "fusion", *words],
            cwd=place,
            env=KEY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode not in ends or "Traceback" in done.stdout:
            sys.exit(f"{done.stdout}\nfusion {' '.join(words)} ended with {done.returncode}")
        return done.stdout

    def needs(self) -> dict[str, list[str]]:
        """The extras that each verb of the installed wheel needs."""
        script = "import json; from flows.cli.app import NEEDS; print(json.dumps(NEEDS))"
        return json.loads(subprocess.check_output([self.bin / "python", "-c", script]))


def build_wheel() -> Path:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", HERE / "dist", HERE], check=True)
    return max((HERE / "dist").glob("*.whl"), key=lambda file: file.stat().st_mtime)


def write_ratings(place: Path) -> None:
    """Write half a year of ratings, until 28 April 2024, and a week more to judge by."""
    lines = [f"{n % 199},{(n * 7 + n % 11) % 83},{1700000000 + n * 3600}\n" for n in range(4168)]
    (place / "ratings.csv").write_text("user,item,time\n" + "".join(lines[:4000]))
    (place / "newer.csv").write_text("user,item,time\n" + "".join(lines[4000:]))


def try_every_verb(whole: Environment, place: Path) -> None:
    """Use the product from the first file to the last prune."""
    ok = {0}
    write_ratings(place)
    whole.fusion(place, "init", "ratings.csv", ends=ok)
    with (place / "fusion.toml").open("a") as config:
        config.write(CONFIG)
    for verb in ("check", "sources", "plan", "status"):
        whole.fusion(place, verb, ends=ok)
    whole.fusion(place, "db", "upgrade", ends=ok)
    for _ in range(2):
        whole.fusion(place, "run", ends=TRAINED)
        newest = json.loads(whole.fusion(place, "runs", "--json", ends=ok))[0]["run_id"]
        whole.fusion(place, "publish", newest, ends=ok)
    whole.fusion(place, "train", ends=TRAINED)
    for verb in ("retrain", "status", "health", "db", "prune", "metrics"):
        whole.fusion(place, verb, ends=ok)
    whole.fusion(place, "show", "5", "--why", ends=ok)
    whole.fusion(place, "person", "5", ends=ok)
    whole.fusion(place, "diff", "live", newest, ends=ok)
    whole.fusion(place, "ask", "--answers", "12=y,14=n", ends=ok)
    whole.fusion(place, "judge", "live", "--on", "newer.csv", ends=ok)
    whole.fusion(place, "report", "--out", "page.html", ends=ok)
    whole.fusion(place, "backfill", *PAST, ends=TRAINED)
    whole.fusion(place, "replay", *PAST, ends=ok)
    for verb in ("deploy", "notify"):  # neither a Prefect server nor a receiver is configured
        whole.fusion(place, verb, ends={2})
    whole.fusion(place, "monitor", "--draw", ends={0, 4})
    whole.fusion(place, "watch", ends={0, 4})
    whole.fusion(place, "alerts", ends=ok)
    whole.fusion(place, "run", "--hold", ends=TRAINED)
    whole.fusion(place, "reject", "--why", "tried", ends={0, 1})
    whole.fusion(place, "approve", ends={1, 2})
    whole.fusion(place, "rollback", "--freeze", "1h", ends=ok)
    whole.fusion(place, "unfreeze", ends=ok)
    whole.fusion(place, "check", "--store", ends=ok)
    whole.fusion(place, "forget", "7", ends=ok)
    until(whole, place, ["ui", "--port", PORT], lambda _: answers(f"http://127.0.0.1:{PORT}"))
    until(whole, place, ["schedule"], lambda said: "being served" in said)
    whole.fusion(place, "demo", "--folder", str(place / "demo"), ends={0, 4})


def answers(url: str) -> bool:
    try:
        with urlopen(url) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(whole: Environment, place: Path, words: list[str], is_up) -> None:
    """Start a verb that keeps running, wait until it is up, and end it by SIGTERM."""
    log = place / f"{words[0]}.log"
    with log.open("w") as out:
        serving = subprocess.Popen(
            [whole.bin / "fusion", *words], cwd=place, env=KEY, stdout=out, stderr=out
        )
    for _ in range(UP_SECONDS * 2):
        if is_up(log.read_text()):
            break
        time.sleep(0.5)
    else:
        serving.kill()
        sys.exit(f"{log.read_text()}\nfusion {' '.join(words)} was not up after {UP_SECONDS} s")
    serving.send_signal(signal.SIGTERM)
    if serving.wait(60) != 0:
        sys.exit(f"{log.read_text()}\nfusion {' '.join(words)} ended with {serving.returncode}")


def try_alone(environment: Environment, held: tuple[str, ...], shop: Path) -> None:
    """See that each verb does its work, or names what it lacks."""
    lines = {
        "show": ["5"],
        "person": ["5"],
        "diff": ["live", "live"],
        "publish": ["live"],
        "forget": ["9"],
        "ask": ["--answers", "12=y"],
        "judge": ["live", "--on", "newer.csv"],
        "report": ["--out", "page.html"],
        "backfill": PAST,
        "replay": PAST,
        "init": ["ratings.csv", "--force", "--config", "new.toml"],
    }
    served = {"ui", "schedule", "demo"}
    needs = environment.needs()
    for verb in [
        *needs,
        "status",
        "health",
        "runs",
        "show",
        "diff",
        "alerts",
        "db",
        "rollback",
        "unfreeze",
    ]:
        lacks = [extra for extra in needs.get(verb, []) if extra not in held]
        words = [verb, *lines.get(verb, [])]
        if lacks:
            said = environment.fusion(shop, *words, ends={2})
            assert f"'fusion-recommender[{','.join(lacks)}]'" in said, said
        elif verb == "ui":
            port = ["ui", "--port", PORT]
            until(environment, shop, port, lambda _: answers(f"http://127.0.0.1:{PORT}"))
        elif verb not in served:
            # Where nothing was live before, a rollback is refused.
            ends = {0, 1} if verb == "rollback" else TRAINED if verb in needs else {0}
            environment.fusion(shop, *words, ends=ends)
    if "postgres" not in held:
        url = '[data]\ninteractions = "ratings.csv"\n[storage]\nurl = "postgresql://db/shop"\n'
        (shop / "postgres.toml").write_text(url)
        said = environment.fusion(shop, "status", "--config", "postgres.toml", ends={2})
        assert "'fusion-recommender[postgres]'" in said, said


def main() -> None:
    """Try the whole, then each part; folders are removed in the end."""
    wheel = build_wheel()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        whole = Environment(work / "whole", wheel, ("all", "demo"))
        shop = work / "shop"
        shop.mkdir()
        try_every_verb(whole, shop)
        assert list(work.glob("whole/lib/python*/site-packages/fusion/py.typed"))
        shutil.rmtree(work / "whole")
        for name, held in ALONE.items():
            extras = () if name == "base" else (name,)
            environment = Environment(work / name, wheel, extras)
            try_alone(environment, held, shutil.copytree(shop, work / f"shop-{name}"))
            shutil.rmtree(work / name)
    print(f"The wheel works: {wheel}")


if __name__ == "__main__":
    main()
