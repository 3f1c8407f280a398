"""What is wrong in a page is noticed when it is run, with its page and line."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.docs.blocks import read_blocks
from tests.docs_run.runners import run_block

pytestmark = pytest.mark.docs_run

WRONG_LINES = [
    ("sh", "", "fusion status --jsn"),
    ("sh", "", "fusion show nobody --confg x && fusion status"),
    ("sh", "exit=2", "fusion status"),
    ("toml", "", "[gate]\nmin_row = 0.5"),
    ("toml", "", "[[sources]]\nname = 'als'\nsettings = { factor = 3 }"),
    ("toml", "file=rules.toml", "[[pin]]\nitem = 318\nrnk = 3"),
    ("toml", "file=rules.toml", "[[pin]]\nitem = 319\nrank = 3"),
    ("sql", "", "SELECT item FROM current_recommendations"),
    ("sql", "", "SELECT item_id FROM current_recommendations WHERE user_id = 'nobody'"),
    ("sql", "rows=3", "SELECT rank FROM current_recommendations WHERE user_id = '42'"),
    ("python", "", "from fusion import fit_fusoin"),
    ("python", "file=test_it.py", "def test_it():\n    assert False"),
]


@pytest.mark.parametrize(("language", "options", "content"), WRONG_LINES)
def test_a_wrong_block_fails(language, options, content, place_of):
    mark = f"<!-- run: {options} -->" if options else "<!-- run -->"
    [block] = read_blocks(f"{mark}\n```{language}\n{content}\n```\n", "page.md")
    with pytest.raises((AssertionError, ImportError, SQLAlchemyError)) as failed:
        run_block(block, place_of("shop", "sqlite"))
    assert failed.value.__notes__ == ["page.md:2"]
