"""Hooks of the site: pages made from `examples/`, and links that lead out of `docs/`."""

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

DOCS = Path(__file__).parent
EXAMPLES = DOCS.parent / "examples"
OUTWARD = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)[^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Any, config: Any) -> Any:
    """Add the guides that are made from the examples.

    Args:
        files: the site's files.
        config: the site's configuration.

    Returns:
        The files with the guides.
    """
    made = {"guides/ten-minutes.md": notebook_page(), "guides/sql-recipes.md": recipes_page()}
    for uri, content in made.items():
        files.append(File.generated(config, uri, content=content))
    return files


def notebook_page() -> str:
    """Return the notebook as a page: its text, and its code in blocks."""
    notebook = json.loads((EXAMPLES / "ten_minutes.ipynb").read_text(encoding="utf-8"))
    parts = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        is_shell = source.startswith("!")
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif is_shell:
            parts.append(f"```sh\n{source.removeprefix('!')}\n```")
        else:
            parts.append(f"```python\n{source}\n```")
    return "\n\n".join(parts) + "\n"


def recipes_page() -> str:
    """Return the SQL recipes as a page, each under the question that it answers."""
    parts = [
        "# SQL recipes",
        "Questions that analysts ask, for SQLite and PostgreSQL alike. `:placement`, `:user_id` "
        "and `:item_id` are parameters. The files stand in `examples/sql`.",
    ]
    for file in sorted((EXAMPLES / "sql").glob("*.sql")):
        question, statement = file.read_text(encoding="utf-8").split("\n", 1)
        heading = question.removeprefix("-- ")
        parts.append(f"## {heading}\n\n```sql\n{statement.strip()}\n```")
    return "\n\n".join(parts) + "\n"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links to files outside `docs/` into their text: the site has no such pages.

    Args:
        markdown: the page's text.
        page: the page; links count from its folder.

    Returns:
        The text with links that the site can follow.
    """
    folder = (DOCS / page.file.src_uri).parent

    def keep_inside(match: re.Match[str]) -> str:
        target = (folder / match.group(2)).resolve()
        return match.group(0) if target.is_relative_to(DOCS) else match.group(1)

    return OUTWARD.sub(keep_inside, markdown)
