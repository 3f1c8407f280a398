"""The page of a run as one file, over planted facts."""

from html.parser import HTMLParser

from dashboards.pages.one_file import BEGIN
from dashboards.pages.runs.report import run_report
from tests.browser import barriers
from tests.dashboards.pages.planted import site
from tests.dashboards.pages.runs.planted import NEW, alert, facts, line

EVERYTHING = facts(alerts=(alert(),), line=line(slot="challenger"))


class Parts(HTMLParser):
    """Tags of a document, and all that a browser would fetch or follow."""

    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href", "action"}]


def parts(page: str) -> Parts:
    read = Parts()
    read.feed(page)
    return read


def test_it_is_told_from_other_files_and_begins_with_the_conclusion():
    page = run_report(site(), EVERYTHING)
    assert page.startswith(BEGIN)
    assert page.index("Conclusion") < page.index("Verdict")
    assert f"fusion approve {NEW}" in page
    assert len(page.encode()) < 1_000_000


def test_it_holds_no_link_no_form_and_nothing_to_fetch():
    read = parts(run_report(site(), EVERYTHING))
    assert read.links == []
    assert {"script", "link", "img", "form", "iframe"}.isdisjoint(read.tags)
    assert "style" in read.tags


def test_names_from_data_are_no_markup():
    page = run_report(site(), EVERYTHING)
    assert "<script" not in page
    assert "62615533" not in page


def test_everybody_can_read_it(page, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(run_report(site(), EVERYTHING), encoding="utf-8")
    page.set_viewport_size({"width": 390, "height": 900})
    page.set_content(file.read_text(encoding="utf-8"))
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # its styles are in it, from the first to the last
    style = "getComputedStyle(document.querySelector('{}')).{}".format
    assert page.evaluate(style("section", "borderRadius")) == "10px"
    assert page.evaluate(style("table", "borderCollapse")) == "collapse"
    assert page.evaluate(style("footer", "justifyContent")) == "space-between"
