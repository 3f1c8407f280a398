"""A Parquet file that grows block by block."""

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq


class GrowingFile:
    """A Parquet file that grows block by block; the first block gives its schema."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, block: pa.Table) -> None:
        """Append a block of rows.

        Args:
            block: of the same schema as those before.
        """
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, block.schema, compression="zstd")
        self._writer.write_table(block)

    def append(self, part: Path) -> None:
        """Append the blocks of another such file; the bytes are as if they had come one by one.

        Args:
            part: written before.
        """
        with pq.ParquetFile(part) as file:
            for block in range(file.num_row_groups):
                self.write(file.read_row_group(block))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()
