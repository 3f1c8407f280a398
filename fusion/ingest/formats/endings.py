"""Endings of files against what they hold: the ending decides how a file is read."""

from codecs import getincrementaldecoder
from pathlib import Path

from fusion.core.findings import FindingKind, declare
from fusion.ingest.formats.file_search import is_text_file

N_LOOKED_AT = 1000
"""Bytes by which text is told from anything else."""
GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"

WRONG_ENDING = declare(
    FindingKind(
        code="wrong_ending",
        severity="error",
        what="a file whose ending is not that of what it holds",
        happens="nothing is read",
        cure="Give the file the ending that is named, in [data] too.",
    )
)


def require_ending(path: Path, subject: str) -> None:
    """Refuse a file that is text, packed text or Parquet under the ending of another of them.

    Args:
        path: the file; one that cannot be opened is left to its reader.
        subject: word for what the file holds, in findings.

    Raises:
        Unusable: its ending is that of something else.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(N_LOOKED_AT)
    except OSError:
        return
    expected = _ending(path)
    what, ending = _content(beginning)
    if ending is not None and ending != expected:
        raise WRONG_ENDING.stop(subject, f"{path} {what}: its name has to end in {ending}")


def _ending(path: Path) -> str:
    """Return the ending by which a file is read."""
    if not is_text_file(path):
        return ".parquet"
    return ".csv.gz" if path.suffix == ".gz" else ".csv"


def _content(beginning: bytes) -> tuple[str, str | None]:
    """Return what a file is, and the ending for it; None where it is empty or something else."""
    if beginning.startswith(GZIP):
        return "is packed by gzip", ".csv.gz"
    if beginning.startswith(PARQUET):
        return "is a Parquet file", ".parquet"
    if not beginning or b"\0" in beginning:
        return "", None
    try:
        # Step by step, since the last character may be cut in two.
        getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return "", None
    return "is plain text", ".csv"
