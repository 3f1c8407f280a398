"""Take the pictures of the dashboards that `dashboards.md` and the README show, in both languages.

`python docs/draw_pages.py PROJECT/fusion.toml` serves a finished project, such as that of
`fusion demo` after a `fusion watch`, and writes `images/pages/NAME.LANGUAGE.jpg` with the system's
Chromium.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images" / "pages"
LANGUAGES = ("en", "zh")
WIDTH, HEIGHT, TALLEST = 1180, 800, 1500
"""Of the window, and of a picture: what is below is more of the same."""
QUALITY = 72


def main() -> None:
    """Take every picture."""
    config = Path(sys.argv[1]).resolve()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with serving(config) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or "", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for name, path in pages(config).items():
            for language in LANGUAGES:
                take(page, f"{address}{path}", name, language)
        browser.close()


def pages(config: Path) -> dict[str, str]:
    """Choose what is shown: the live run, one of its users and the first item of their list.

    Args:
        config: of the project.

    Returns:
        Paths of pages by the name of their picture.
    """
    runs = fusion(config, "runs")
    live, before = (run["run_id"] for run in runs[:2])
    user = "1"
    item = fusion(config, "show", user)[0]["item_id"]
    home = f"/at/{runs[0]['placement']}/"
    ends = {
        "today": "",
        "runs": "runs",
        "run": f"runs/{live}",
        "compare": f"compare?old={before}&new={live}",
        "user": f"users/{user}",
        "item": f"items/{item}",
        "alerts": "alerts",
        "history": "history",
        "watch": "watches/1",
        "sql": "sql",
    }
    return {name: home + end for name, end in ends.items()}


def take(page: Page, url: str, name: str, language: str) -> None:
    """Take one picture.

    Args:
        page: of the browser.
        url: of the page.
        name: of the picture.
        language: in which the page speaks.
    """
    mark = "&" if "?" in url else "?"
    answer = page.goto(f"{url}{mark}language={language}")
    assert answer is not None, url
    assert answer.ok, (url, answer.status)
    height = min(TALLEST, int(page.evaluate("document.documentElement.scrollHeight")))
    page.screenshot(
        path=IMAGES / f"{name}.{language}.jpg",
        type="jpeg",
        quality=QUALITY,
        full_page=True,
        clip={"x": 0, "y": 0, "width": WIDTH, "height": height},
    )


def fusion(config: Path, *words: str):
    """Ask the command line for JSON.

    Args:
        config: of the project.
        words: of the command.
    """
    command = [sys.executable, "-m", "flows.cli", *words, "--json", "--config", str(config)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


@contextmanager
def serving(config: Path) -> Iterator[str]:
    """Serve the dashboards while the block runs.

    Args:
        config: of the project.

    Yields:
        The address.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "flows.cli", "ui", "--port", str(port)]
    with subprocess.Popen([*command, "--config", str(config)], cwd=ROOT) as process:
        address = f"http://127.0.0.1:{port}"
        while process.poll() is None:
            try:
                urlopen(address, timeout=60).close()
                break
            except URLError:
                time.sleep(0.2)
        try:
            yield address
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
