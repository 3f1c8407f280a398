"""Quotes that take rows into a cell, and texts of several lines, which are none."""

import csv
import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.errors import DataError
from fusion.ingest.formats.delimited import Header
from fusion.ingest.formats.quotes import swallowing_cells
from fusion.ingest.load import inspect_data, load
from fusion.ingest.settings import DataSettings

HEADER = "user,item,time,weight"
LOG = [HEADER, *(f"{n % 50},{n % 7},2024-01-01,{n % 5}" for n in range(2000))]


def log_with(**replaced: str) -> str:
    """The log with texts at the end of lines replaced, by their numbers from 1."""
    rows = list(LOG)
    for name, cell in replaced.items():
        number = int(name.removeprefix("line_"))
        rows[number - 1] = cell.format(*rows[number - 1].split(","))
    return "\n".join(rows) + "\n"


def found(folder: Path, text: str, name: str = "log.csv", **more: object):
    raw = text.encode()
    (folder / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    columns = {"time": "time", "weight": "weight"}
    read = DataSettings(interactions=name, columns=columns, **more)
    findings = inspect_data(read, folder).findings
    return [finding for finding in findings if finding.code == "swallowed_rows"]


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz"])
def test_two_stray_quotes_that_take_rows_are_an_error_that_names_their_lines(tmp_path, name):
    text = log_with(line_500='{0},"{1},{2},{3}', line_1100='{0},{1}",{2},{3}')
    [finding] = found(tmp_path, text, name)
    assert (finding.severity, finding.subject, finding.count) == ("error", "interactions", 600)
    assert "600 of 2001 lines" in finding.message
    assert "the quote that opens in line 500 is closed in line 1100" in finding.message
    configured = DataSettings(interactions=name, columns={"time": "time", "weight": "weight"})
    with pytest.raises(DataError, match="swallowed_rows"):
        load(configured, tmp_path)


@pytest.mark.parametrize("last", [501, 510])
def test_few_rows_in_a_cell_are_a_warning(tmp_path, last):
    text = log_with(line_500='{0},"{1},{2},{3}', **{f"line_{last}": '{0},{1}",{2},{3}'})
    [finding] = found(tmp_path, text)
    assert (finding.severity, finding.count) == ("warning", last - 500)


@pytest.mark.parametrize("quotes", [{}, {"line_7": '"{0}","{1}","{2}","{3}"'}])
def test_quotes_that_close_in_their_line_take_nothing(tmp_path, quotes):
    assert found(tmp_path, log_with(**quotes)) == []


PROSE = [
    'He said ""go"", and went.\n\nThen, after a while, he came back.',
    "One, two, three, four\nfive, six, seven, eight\nnine, ten",
    "A list:\n- 1, 2\n- 3, 4\r\n- 5, 6",
    "Commas alone:\n,,\n,,",
]


@pytest.mark.parametrize("prose", PROSE)
def test_texts_of_several_lines_take_nothing(tmp_path, prose):
    """Not in the items, nor in a column of the interactions that nobody reads."""
    (tmp_path / "items.csv").write_text(
        "item,title,plot\n" + "".join(f'{n},Film {n},"{prose}"\n' for n in range(7)), newline=""
    )
    review = "".join(f'{row},"{prose}"\n' for row in LOG[1:])
    text = f"{HEADER},review\n{review}"
    features = {"text": ["title", "plot"]}
    assert found(tmp_path, text, items="items.csv", item_features=features) == []


def test_a_text_that_cites_a_row_takes_nothing(tmp_path):
    prose = "A row is written like this:\n7,Film 7,Short\nIt has an id,\na title\nand a plot."
    rows = "".join(f'{n},Film {n},"{prose}"\n' for n in range(7))
    (tmp_path / "items.csv").write_text("item,title,plot\n" + rows)
    features = {"text": ["title", "plot"]}
    assert found(tmp_path, log_with(), items="items.csv", item_features=features) == []


def test_verses_take_nothing(tmp_path):
    """As many commas a line as a row has, and ids that are words like any others."""
    verses = "Roses, red\nViolets, blue\nSugar, sweet"
    rows = "".join(f'{name},"{verses}"\n' for name in ("ode", "song", "hymn"))
    (tmp_path / "items.csv").write_text("item,title\n" + rows)
    assert found(tmp_path, log_with(), items="items.csv", item_features={"text": ["title"]}) == []


def test_codes_are_known_as_numbers_are(tmp_path):
    rows = [f"user-{n % 9},B{n:05}X,a title" for n in range(300)]
    rows[10], rows[20] = 'user-3,"B0X,a title', 'user-3,B0X",a title'
    text = "user,item,title\n" + "\n".join(rows) + "\n"
    (tmp_path / "log.csv").write_text(text)
    findings = inspect_data(DataSettings(interactions="log.csv"), tmp_path).findings
    [finding] = [finding for finding in findings if finding.code == "swallowed_rows"]
    assert (finding.severity, finding.count) == ("error", 10)


def test_a_stray_quote_among_items_is_noticed_beside_their_texts(tmp_path):
    rows = [f'{n},Film {n},"{PROSE[0]}"' for n in range(100)]
    rows[40] = '40,"Film 40,Short'
    rows[49] = '49,Film 49",Short'
    for number in range(41, 49):
        rows[number] = f"{number},Film {number},Short"
    (tmp_path / "items.csv").write_text("item,title,plot\n" + "\n".join(rows) + "\n")
    features = {"text": ["title", "plot"]}
    [finding] = found(tmp_path, log_with(), items="items.csv", item_features=features)
    assert (finding.subject, finding.count) == ("items", 9)
    assert "opens in line 122 is closed in line 131" in finding.message


@pytest.mark.parametrize(
    ("quotes", "words"),
    [
        ({"line_500": '"{0},{1},{2},{3}'}, "the quote that opens in line 500 is never closed"),
        (
            {"line_500": '"{0},{1},{2},{3}', "line_1100": '"{0},{1},{2},{3}'},
            "the quote that opens in line 500 is closed in line 1100, and 600 rows are in it",
        ),
    ],
)
def test_a_quote_by_which_a_file_cannot_be_parsed_is_named_with_its_line(tmp_path, quotes, words):
    (tmp_path / "log.csv").write_text(log_with(**quotes))
    configured = DataSettings(interactions="log.csv", columns={"time": "time", "weight": "weight"})
    with pytest.raises(DataError, match=words):
        load(configured, tmp_path)


def test_a_cell_longer_than_any_text_is_no_text(tmp_path):
    """Whatever its lines look like: here they have a cell too few."""
    inside = "1,2\n" * 10_001
    text = log_with(line_2001='{0},"{1}\n' + inside + '",{2},{3}')
    [finding] = found(tmp_path, text)
    assert (finding.severity, finding.count) == ("error", 10_002)


TEXTS = st.text('ab,;"\n\r ', max_size=30)
ROWS = st.lists(st.tuples(st.integers(0, 99), TEXTS, TEXTS), min_size=1, max_size=20)


@given(ROWS, st.sampled_from(",;"))
@settings(max_examples=60, deadline=None)
def test_what_a_writer_of_csv_writes_takes_nothing(rows, delimiter):
    """Whatever the texts are: they have no numbers where rows have theirs."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerows([("item", "title", "plot"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "items.csv")
        file.write_text(written.getvalue(), newline="")
        assert swallowing_cells(file, Header(delimiter, ["item", "title", "plot"]))[0] == []
