"""What is known of a run as files."""

import pytest

from dashboards.pages.frame import page_path
from dashboards.pages.runs.downloads import recipe
from dashboards.pages.runs.facts import RunDocument
from tests.dashboards.pages.planted import ask, site
from tests.dashboards.pages.runs.planted import NEW, reads

DOCUMENT = RunDocument(
    NEW,
    {"run_id": NEW, "manifest": {"seed": 7}},
    [("=cmd()", "all", "ndcg", 10, 0.25, None, 0.5)],
    [{"column": "age", "value": 0.1}],
)


def file_of(name: str, document=DOCUMENT):
    known = reads(document=lambda placement, run: document)
    return ask(page_path("default", "runs", NEW, name), site(runs=known))


def test_json_holds_the_run_its_figures_and_all_of_the_drift():
    answer = file_of("run.json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    content = answer.json()
    assert content["manifest"] == {"seed": 7}
    assert content["figures"][0]["value"] == 0.25
    assert content["drift"] == DOCUMENT.drift


def test_csv_holds_the_figures():
    answer = file_of("figures.csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="run-{NEW}.csv"'
    assert answer.text.split("\r\n")[1] == "'=cmd(),all,ndcg,10,0.25,,0.5"


def test_sql_names_the_run_and_no_more():
    assert f"WHERE run.run_id = '{NEW}'" in file_of("figures.sql").text
    hostile = recipe("x'; DROP TABLE run; --\nDROP TABLE run;")
    assert "run_id = 'x''; DROP TABLE run; --\nDROP TABLE run;'" in hostile
    assert hostile.splitlines()[0].startswith("-- Everything that was measured of run x'; DROP")


@pytest.mark.parametrize("name", ["run.json", "figures.csv", "figures.sql"])
def test_a_run_that_is_not_there_has_no_files(name):
    assert file_of(name, None).status_code == 404
