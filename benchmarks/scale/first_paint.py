"""Evidently's page of a run in Chromium: kB on the way, first paint, and when all of it is drawn.

    python -m benchmarks.scale.first_paint PROJECT/fusion.toml [--turns 5 --json]

PROJECT is a finished one, such as that of `fusion demo`. The page of its live run is drawn where
nobody asked for it yet. It is then opened as the saved file, and in the dashboards on loopback,
each time in a browser without a cache; medians are printed. Needs Chromium, and Playwright for
Python.
"""

import argparse
import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from dashboards.evidently.report import ReportFiles
from dashboards.evidently.workspace import report_path
from flows.session import Session
from flows.steps.site.site import guarded_dashboards
from flows.steps.watch.monitor_frames import report_folder
from flows.steps.watch.pages import draw_page
from fusion.runs.run_folder import RunFolder, folder_of
from storage.runs.runs import find_run

DRAWN = "Figures of the run"
"""A heading that Evidently draws, and that the conclusion before it has not."""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main() -> None:
    """Draw, open and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    session = Session.open(given.config)
    run_id = find_run(session.engine, session.placement, "live").run_id
    draw_page(session, run_id)
    path = report_path(session.workspace, session.placement, run_id)
    folder = report_folder(RunFolder(folder_of(session.runs, run_id)))
    file = ReportFiles(folder).drift_html
    measured = {}
    with dashboards(session) as base:
        for name, address in (("saved file", file.as_uri()), ("dashboards", base + path)):
            measured[name] = measure(address, given.turns)
    session.engine.dispose()
    if given.json:
        print(json.dumps(measured))
        return
    print("| page | kB on the way | first paint, ms | all drawn, ms |")
    print("| --- | --- | --- | --- |")
    for name, row in measured.items():
        print(f"| {name} | {row['kb']:,.0f} | {row['first_ms']:,.0f} | {row['drawn_ms']:,.0f} |")


@contextmanager
def dashboards(session: Session) -> Iterator[str]:
    """Serve the dashboards on loopback; yields their address."""
    from uvicorn import Config, Server  # noqa: PLC0415

    app: Any = guarded_dashboards(session, "127.0.0.1", lambda command: command)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(Config(app, log_level="error"))
        threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True


def measure(address: str, turns: int) -> dict[str, float]:
    """Open a page so many times; returns medians."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        # The first one makes Evidently's application, which the page that is measured finds there.
        rows = [_open(browser, address) for _ in range(turns + 1)][1:]
        browser.close()
    return {name: median(row[name] for row in rows) for name in rows[0]}


def _open(browser: Any, address: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    network, sizes = context.new_cdp_session(page), list[float]()
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    start = time.perf_counter()
    page.goto(address, timeout=120_000)
    page.get_by_text(DRAWN).wait_for(timeout=120_000)
    drawn = time.perf_counter() - start
    first = page.evaluate(PAINT)
    context.close()
    return {"kb": sum(sizes) / 1000, "first_ms": first, "drawn_ms": 1000 * drawn}


if __name__ == "__main__":
    main()
