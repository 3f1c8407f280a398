"""A drift page as one file under 2 MB that says its conclusion before any script has run.

Evidently saves its script of 3.5 MB as it is, and a page that is white until that has run. Here
the script is compressed, which browsers since 2023 undo by themselves, and it draws in the place of
a conclusion in plain HTML: that is painted at once, and stays where scripts are off.

Import it late: Evidently takes seconds.
"""

import base64
import gzip
import re
from collections.abc import Iterable
from html import escape
from itertools import groupby
from pathlib import Path

import evidently
from evidently.core.metric_types import render_widgets
from evidently.core.report import Snapshot

from dashboards.evidently.page_widgets import conclusion, count_of
from dashboards.evidently.report import DriftReport
from dashboards.evidently.report_metrics import outcome_of, report_metrics, worst_first

LIBRARY = Path(evidently.__file__).parent / "nbextension" / "static" / "index.js"
"""The script that draws saved pages; `Snapshot.save_html` writes it into each."""
ROOT = re.compile(r'(<div id="root_metric_[0-9a-f]+">)\s*(</div>)')
"""What the script draws into; it takes away what stands there."""
DRAW = re.compile(r"<script>\s*(window\.drawDashboard\([^<]*?\);)\s*</script>")
PACKED = """<script type="application/octet-stream" id="library">{packed}</script>"""
UNPACK = """<script>
requestAnimationFrame(() => setTimeout(async () => {{
  const text = atob(document.getElementById("library").textContent);
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(unpacked).text();
  document.body.append(script);
  {draw}
}}));
</script>"""
"""Unpacks and runs the library, once the browser has painted what stands before it."""
PAGE = """<main style="font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto">
<h1>Drift of run {run_id}</h1>
<p><strong>{conclusion}</strong></p>
{more}
<p>Distributions and all figures appear as soon as the script of this page has run.</p>
</main>"""


def saved_html(snapshot: Snapshot, report: DriftReport) -> str:
    """Return a report's page as one file.

    Args:
        snapshot: of the report, from `drift_snapshot`.
        report: what monitoring wrote.

    Returns:
        HTML that fetches nothing. Of a release of Evidently that writes pages in another form, the
        page is as the library makes it: larger, and white until its script has run.
    """
    model = snapshot.to_snapshot_model()
    # `Snapshot.save_html` puts a frame around all, and writes every picture twice by that.
    page: str = render_widgets([*model.widgets, *model.tests_widgets])
    library = LIBRARY.read_text(encoding="utf-8")
    before, script, after = page.partition(f"<script>{library}</script>")
    root, draw = ROOT.search(before), DRAW.search(after)
    if not (script and root and draw):
        return page
    before = before.replace(root[0], f"{root[1]}{_first_sight(report)}{root[2]}")
    # The data stay as they are: whoever looks for a person in all files must find them here.
    packed = PACKED.format(packed=_packed(library))
    return before + packed + after.replace(draw[0], UNPACK.format(draw=draw[1]))


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _first_sight(report: DriftReport) -> str:
    """Return the conclusion in plain HTML: what is past its limit, and each subject's count."""
    metrics = report_metrics(report)
    columns = groupby(worst_first(report.columns), lambda column: column.subject)
    more = [f"<p>{escape(report.run.note)}</p>"] if report.run.note else []
    more += _list(count_of(subject, list(group)) for subject, group in columns)
    past = [f"{one.title}: {one.value:.3g}" for one in metrics if not one.keeps]
    if past:
        more += ["<h2>Past their limits</h2>", *_list(past)]
    words = conclusion(outcome_of(metrics))
    return PAGE.format(run_id=escape(report.run.run_id), conclusion=words, more="\n".join(more))


def _list(lines: Iterable[str]) -> list[str]:
    return ["<ul>", *(f"<li>{escape(line)}</li>" for line in lines), "</ul>"]
