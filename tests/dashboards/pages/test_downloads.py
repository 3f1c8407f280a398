"""Files that pages offer: no cell is a formula, no name ends a header."""

import csv
from io import StringIO

import pytest

from dashboards.pages.downloads import csv_text, json_file


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n=1", "|cmd", "%0A"]
)
def test_a_text_that_a_spreadsheet_would_run_is_quoted(text):
    cells = next(iter(list(csv.reader(StringIO(csv_text(["a"], [[text]]), newline="")))[1:]))
    assert cells == [f"'{text}"]


def test_numbers_and_other_texts_stay_as_they_are():
    text = csv_text(["name", "value"], [["ease, a source", -0.25], ['say "hi"', None], ["a=b", 1]])
    assert text == 'name,value\r\n"ease, a source",-0.25\r\n"say ""hi""",\r\na=b,1\r\n'


def test_the_name_of_a_file_holds_nothing_that_could_end_the_header():
    answer = json_file('x"\r\nset-cookie: a=b/../é.json', {"a": 1})
    assert answer.headers["content-disposition"] == (
        'attachment; filename="x___set-cookie__a_b_..__.json"'
    )
