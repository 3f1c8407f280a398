"""The blocks of every page do what the page says, in their order, on small data."""

import pytest

from tests.docs.blocks import PAGES_WITH_BLOCKS, Block, blocks_of
from tests.docs_run.runners import run_block

pytestmark = pytest.mark.docs_run


def cases() -> list[object]:
    """A case for each page and database that its blocks are marked for."""
    found = []
    for page in PAGES_WITH_BLOCKS:
        run = [block for block in blocks_of(page) if block.mark and block.mark.kind == "run"]
        for on in ("sqlite", "postgresql"):
            here = [block for block in run if block.option("on", "sqlite") in {on, "both"}]
            marks = [pytest.mark.postgres] if on == "postgresql" else []
            if here:
                found.append(pytest.param(here, on, id=f"{here[0].page}-{on}", marks=marks))
    return found


@pytest.mark.parametrize(("blocks", "on"), cases())
def test_the_page_runs(blocks: list[Block], on: str, place_of):
    for block in blocks:
        run_block(block, place_of(block.option("in", "shop"), on))
