"""Every fenced block says whether a test runs it; tests/docs_run runs those that say so."""

import pytest

from tests.docs.blocks import OPTIONS, PAGES_WITH_BLOCKS, Mark, blocks_of, read_blocks
from tests.docs.pages import ROOT, name

CURE = "; write `<!-- run -->` or `<!-- not run: REASON -->` on the line above it"
RUNNABLE = ("sh", "console", "python", "toml", "sql")


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_every_block_is_marked(page):
    unmarked = [block.place for block in blocks_of(page) if block.mark is None]
    assert not unmarked, f"{', '.join(unmarked)}: the block has no mark{CURE}"


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_what_is_run_can_be_run(page):
    for block in blocks_of(page):
        if block.mark and block.mark.kind == "run":
            assert block.language in RUNNABLE, f"{block.place}: {block.language} is not run"


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_what_another_test_runs_is_run_there(page):
    for block in blocks_of(page):
        if block.mark and block.mark.kind == "run by":
            test = ROOT / block.mark.reason
            assert test.is_file(), f"{block.place}: there is no {block.mark.reason}"
            assert block.page.rpartition("/")[2] in test.read_text(encoding="utf-8"), block.place


PAGE = """\
<!-- run: exit=0,4 in=files -->
<!-- capture -->
```sh
fusion run
```

1. In a list:

   <!-- not run: it never ends -->
   ```sh
   fusion ui
   ```

```sql
SELECT 1
```
"""


def test_marks_and_blocks_as_read():
    run, not_run, unmarked = read_blocks(PAGE, "page.md")
    assert run.mark == Mark("run", options={"exit": "0,4", "in": "files"})
    assert (run.place, run.language, run.content) == ("page.md:3", "sh", "fusion run\n")
    assert not_run.mark == Mark("not run", reason="it never ends")
    assert not_run.content == "fusion ui\n"
    assert (unmarked.line, unmarked.mark) == (14, None)


@pytest.mark.parametrize(
    ("comment", "said"),
    [("run: exits=2", ", ".join(OPTIONS)), ("not run", "needs its reason")],
)
def test_a_wrong_mark_is_named_with_its_place(comment, said):
    with pytest.raises(ValueError, match=said) as wrong:
        read_blocks(f"<!-- {comment} -->\n```sh\nfusion run\n```\n", "page.md")
    assert str(wrong.value).startswith("page.md:2: ")
