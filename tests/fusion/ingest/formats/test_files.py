import gzip
import os
import re
import tempfile
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fusion.core.findings import Unusable
from fusion.errors import DataError, Temporary
from fusion.ingest.formats.files import open_table
from fusion.ingest.table_settings import SqlInput

NOBODY = 65534
"""The user without rights, on every Unix."""
TEXT = "user,item,extra\n1,2,x\n3,4,y\n"


def pick(place: object, base: Path, columns: tuple[str, ...] = ("user", "item")) -> pl.DataFrame:
    return open_table("interactions", place, base, None).pick({name: name for name in columns})


def rows(frame: pl.DataFrame) -> list[tuple]:
    return frame.select(pl.col("user").cast(pl.String), pl.col("item").cast(pl.String)).rows()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff", " "])
def test_text_files_are_read_whatever_separates_cells(tmp_path, delimiter, start):
    (tmp_path / "a.csv").write_text(
        start + TEXT.replace(",", delimiter).replace("item", " item "), "utf-8"
    )
    assert rows(pick("a.csv", tmp_path)) == [("1", "2"), ("3", "4")]


def test_compressed_text_and_parquet_give_the_same(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    pl.read_csv(TEXT.encode()).write_parquet(tmp_path / "a.parquet")
    assert (
        rows(pick("a.csv.gz", tmp_path))
        == rows(pick("a.parquet", tmp_path))
        == [("1", "2"), ("3", "4")]
    )


def test_folders_and_globs_are_read_in_the_order_of_names(tmp_path):
    folder = tmp_path / "logs" / "day=1"
    folder.mkdir(parents=True)
    pl.DataFrame({"user": [3], "item": [4]}).write_parquet(folder / "b.parquet")
    pl.DataFrame(
        {"item": [2], "user": [1]}, schema={"item": pl.Int32, "user": pl.Int32}
    ).write_parquet(folder / "a.parquet")
    (folder / "_SUCCESS").touch()
    (folder / ".hidden.parquet").touch()
    for place in ("logs", "logs/*/*.parquet", str(tmp_path / "logs" / "**" / "[ab].parquet")):
        frame = pick(place, tmp_path)
        assert rows(frame) == [("1", "2"), ("3", "4")]
        assert frame["row"].to_list() == [1, 2]


def test_only_what_is_asked_for_is_read(tmp_path):
    (tmp_path / "a.csv").write_text(TEXT)
    assert set(pick("a.csv", tmp_path, ("user",)).columns) == {"user", "row", "blank"}


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("a.csv", "", "empty_file", "is empty"),
        ("a.csv", "\n\n", "empty_file", "is empty"),
        ("a.csv", "user,item\n", "empty_file", "has no rows"),
        (
            "a.csv",
            "user,item\n张,1\n".encode("gb18030"),
            "wrong_encoding",
            "line 2; it looks like GB18030",
        ),
        (
            "a.csv",
            "用户,item\n1,1\n".encode("gb18030"),
            "wrong_encoding",
            "line 1; it looks like GB18030",
        ),
        (
            "a.csv",
            "user,item\nJosé,1\n".encode("latin-1"),
            "wrong_encoding",
            "line 2; it looks like Windows-1252",
        ),
        ("a.csv", TEXT.encode("utf-16"), "utf16_file", "is UTF-16"),
        ("a.csv", TEXT.encode("utf-16-le"), "utf16_file", "is UTF-16"),
        ("a.csv", bytes(range(256)), "no_text_file", "is no text: it has NUL"),
        ("shop.db", b"SQLite format 3\0" + bytes(84), "no_text_file", "is an SQLite database"),
        ("a.xlsx", b"PK\x03\x04" + bytes(26), "no_text_file", "as spreadsheets are"),
        ("a.csv", gzip.compress(TEXT.encode(), mtime=0), "wrong_ending", "to end in .csv.gz"),
        ("a.dat", b"PAR1" + bytes(40), "wrong_ending", "its name has to end in .parquet"),
        ("a.csv.gz", b"PAR1" + bytes(40), "wrong_ending", "its name has to end in .parquet"),
        ("a.parquet", TEXT, "wrong_ending", "is plain text: its name has to end in .csv"),
        ("a.parquet", "é" * 600, "wrong_ending", "is plain text"),
        ("a.parquet", gzip.compress(b"x", mtime=0), "wrong_ending", "to end in .csv.gz"),
        ("a.csv.gz", TEXT, "wrong_ending", "is plain text: its name has to end in .csv"),
        ("a.csv", b"BZh91AY&SY", "no_text_file", "packed by bzip2"),
        ("a.csv", TEXT.encode("utf-16-be"), "utf16_file", "is UTF-16"),
        ("a.csv", "用户,商品\n1,2\n".encode("utf-16-le"), "utf16_file", "is UTF-16"),
        ("a.csv", "user,item\r1,2\r", "unreadable_file", "the header of"),
        ("a.csv", '"us\ner",item\n1,2\n', "unreadable_file", "the header of"),
        (
            "a.csv.gz",
            gzip.compress(TEXT.encode() * 5000, mtime=0)[:-20],
            "unreadable_file",
            "to its end",
        ),
        ("a.csv.gz", gzip.compress(TEXT.encode(), mtime=0)[:-9], "unreadable_file", "to its end"),
        ("a.csv", "user::item\n1::2\n", "wrong_delimiter", "'::' separated"),
        ("a.csv", "user item\n1 2\n", "wrong_delimiter", "' ' separated"),
        ("a.csv", "user,item,t\n1,2,a\n1,2,a,b\n", "ragged_rows", "more cells than its header's 3"),
        ("a.csv", 'user,item\n1,"2\n3,4\n', "unreadable_file", "cannot be read"),
        ("a.csv", "user,item,user \n1,2,3\n", "duplicate_column", "'user'"),
        ("a.csv", "196,242,3\n186,302,3\n", "missing_column", "it needs a header line"),
        (
            "a.csv",
            "User,itemId\n1,2\n",
            "missing_column",
            "'user' (nearest: 'User'), 'item' (nearest: 'itemId')",
        ),
        ("a.parquet", b"\xff\0" * 9, "unreadable_file", "no Parquet file"),
        ("a.parquet", b"PAR1" + bytes(40), "unreadable_file", "no Parquet file"),
        ("a.parquet", b"", "unreadable_file", "no Parquet file"),
        ("a.csv.gz", b"\x1f\x8bnot packed", "unreadable_file", "cannot be opened"),
    ],
)
def test_files_that_cannot_be_used_say_what_is_wrong(tmp_path, name, content, code, words):
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(Unusable) as stopped:
        pick(name, tmp_path)
    assert stopped.value.finding.code == code
    assert words in str(stopped.value)
    assert stopped.value.finding.cure in str(stopped.value)
    assert stopped.value.exit_code == 2


def test_ragged_rows_are_shown_with_their_lines_even_if_their_columns_are_not_read(tmp_path):
    (tmp_path / "a.csv").write_text('user,item,title\n1,2,"a, b"\n1,2,a, b\n3,4,c\n5,6,d,e,f\n')
    with pytest.raises(Unusable) as stopped:
        pick("a.csv", tmp_path)
    assert stopped.value.finding.count == 2
    assert [row["line"] for row in stopped.value.finding.examples] == [3, 5]


def test_missing_files_name_the_nearest_and_the_folder(tmp_path):
    (tmp_path / "ratings.csv").write_text(TEXT)
    with pytest.raises(Unusable, match=r"missing_file .* did you mean 'ratings.csv'"):
        pick("rating.csv", tmp_path)
    with pytest.raises(Unusable, match=r"there is ratings.csv"):
        pick("zzz", tmp_path)
    with pytest.raises(Unusable, match=r"no file matches '\*.parquet'"):
        pick("*.parquet", tmp_path)
    with pytest.raises(Unusable, match=r"missing_file .*~nobody-of-that-name"):
        pick("~nobody-of-that-name/x.csv", tmp_path)
    with pytest.raises(Unusable, match=r"'logs/a\*\*' cannot be searched|no file matches"):
        pick("logs/a**", tmp_path)


def test_links_that_lead_nowhere_are_named_with_their_target(tmp_path):
    """In a folder they were passed over, and a month was missing without a word."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.csv").write_text(TEXT)
    (tmp_path / "logs" / "b.csv").symlink_to("/mnt/away/b.csv")
    for place in ("logs/b.csv", "logs", "logs/*.csv"):
        with pytest.raises(Unusable, match=r"broken_link .*b\.csv is a link to /mnt/away/b\.csv"):
            pick(place, tmp_path)
    (tmp_path / "logs" / "b.csv").unlink()
    (tmp_path / "logs" / "b.csv").symlink_to("a.csv")
    assert len(pick("logs", tmp_path)) == 4


def test_a_link_to_itself_is_a_broken_one(tmp_path):
    (tmp_path / "a.csv").symlink_to("a.csv")
    with pytest.raises(Unusable, match="broken_link"):
        pick("a.csv", tmp_path)


@pytest.mark.parametrize("place", ["pipe.csv", "/dev/null"])
def test_what_can_be_read_once_only_is_no_file(tmp_path, place):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(
        Unusable, match=r"no_regular_file .* is a pipe, socket or device"
    ) as stopped:
        pick(place, tmp_path)
    assert "Write the rows to a file" in str(stopped.value)


@pytest.fixture
def nobody():
    """Run the test as a user without rights, where it is root who runs the tests."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("closed", "place"),
    [
        ("folder", "folder"),
        ("folder", "."),
        ("folder", "folder/a.csv"),
        ("folder", "folder/*.csv"),
        ("folder/a.csv", "folder/a.csv"),
        ("folder/a.parquet", "folder/a.parquet"),
    ],
)
def test_what_may_not_be_read_says_so(closed, place, open_folder, nobody):
    (open_folder / closed).chmod(0)
    try:
        with pytest.raises(Unusable, match=r"unreadable_file .*Permission denied.*right to read"):
            pick(place, open_folder)
    finally:
        (open_folder / closed).chmod(0o755)


@pytest.fixture
def open_folder():
    """A folder that anybody may enter, with one in it that belongs to nobody in particular."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "folder")
        folder.mkdir()
        (folder / "a.csv").write_text(TEXT)
        pl.read_csv(TEXT.encode()).write_parquet(folder / "a.parquet")
        for path in (Path(name), folder, *folder.iterdir()):
            if os.geteuid() == 0:
                os.chown(path, NOBODY, NOBODY)
            path.chmod(0o755)
        yield Path(name)


def test_no_path_has_a_nul(tmp_path):
    with pytest.raises(Unusable, match=r"missing_file .*a\\x00b\.csv' has a NUL character"):
        pick("a\0b.csv", tmp_path)


@pytest.mark.parametrize("zone", ["Foo/Bar", "+05:30", "GMT+2", "Z"])
@pytest.mark.parametrize("is_nested", [False, True])
def test_a_zone_that_nobody_knows_is_named(tmp_path, capfd, zone, is_nested):
    """Polars ended the process over it, even where another column was wanted."""
    dtype = pa.timestamp("us", zone)
    times = pa.array([0, 1], dtype)
    if is_nested:
        times = pa.array([[0], [1]], pa.list_(dtype))
    pq.write_table(pa.table({"user": [1, 2], "item": [1, 2], "at": times}), tmp_path / "a.parquet")
    words = rf"unknown_zone .*column 'at' of .* has times in the zone '{re.escape(zone)}'"
    with pytest.raises(Unusable, match=words):
        pick("a.parquet", tmp_path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+02:00", "-0300"])
def test_zones_that_are_known_are_read(tmp_path, zone):
    times = pa.array([0, 1], pa.timestamp("us", zone))
    pq.write_table(pa.table({"user": [1, 2], "item": [1, 2], "at": times}), tmp_path / "a.parquet")
    assert pick("a.parquet", tmp_path, ("at",))["at"].dt.epoch("us").to_list() == [0, 1]


def test_folders_hold_one_kind_of_file(tmp_path):
    with pytest.raises(Unusable, match="holds no CSV or Parquet"):
        pick(".", tmp_path)
    (tmp_path / "a.csv").write_text(TEXT)
    pl.read_csv(TEXT.encode()).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(Unusable, match="both CSV and Parquet"):
        pick(".", tmp_path)


def test_what_runs_left_in_a_folder_is_no_data(tmp_path):
    (tmp_path / "ratings.csv").write_text(TEXT)
    for written in (
        "runs/20260131-235959-1a2b3c/manifest.json",
        "runs/store/lists/0123456789abcdef/inputs.json",
    ):
        marker = tmp_path / written
        (marker.parent / "monitor").mkdir(parents=True)
        for place in (marker.parent, marker.parent / "monitor"):
            pl.DataFrame({"user": [1], "rank": [1], "item": [2]}).write_parquet(
                place / "lists.parquet"
            )
        with pytest.raises(Unusable, match="both CSV and Parquet"):
            pick(".", tmp_path)
        marker.touch()
        assert len(pick(".", tmp_path)) == len(pick("ratings.csv", tmp_path))


def test_a_file_of_a_folder_that_lacks_a_column_is_named(tmp_path):
    (tmp_path / "a.csv").write_text(TEXT)
    (tmp_path / "b.csv").write_text(TEXT.replace("item", "thing"))
    with pytest.raises(Unusable, match=r"b.csv has no column 'item'"):
        pick(".", tmp_path)


def test_queries_are_tables_and_their_troubles_findings():
    source = SqlInput(url="sqlite://", query="select 1")
    frame = pl.DataFrame({"user": [1], "item": ["a"]})
    table = open_table("interactions", source, Path(), lambda url, query: frame)
    assert rows(table.pick({"user": "user", "item": "item"})) == [("1", "a")]

    def fail(_url: str, _query: str) -> pl.DataFrame:
        raise DataError("no such table: log")

    with pytest.raises(Unusable, match=r"sql_failed .* no such table: log"):
        open_table("interactions", source, Path(), fail)
    with pytest.raises(Unusable, match="sql_failed"):
        open_table("interactions", source, Path(), None)

    def busy(_url: str, _query: str) -> pl.DataFrame:
        raise Temporary("server is starting")

    with pytest.raises(Temporary):
        open_table("interactions", source, Path(), busy)


def test_a_parquet_file_whose_bytes_changed_is_refused_whatever_they_were(tmp_path):
    file = tmp_path / "a.parquet"
    pl.DataFrame({"user": [1], "item": [2]}).write_parquet(file)
    whole = file.read_bytes()
    # The name of a column is no text any more; then the notes about all columns are overwritten.
    for damaged in (whole.replace(b"user", b"\xffser"), whole[:-80] + b"\xff" * 72 + whole[-8:]):
        file.write_bytes(damaged)
        with pytest.raises(Unusable, match="is no Parquet file") as caught:
            pick("a.parquet", tmp_path)
        assert "Exception" not in str(caught.value)
