"""Draw the rooms of each package and the arrows between them.

`python docs/draw_rooms.py` writes `rooms.svg`.

Everything comes from the imports. An arrow points from the room that is imported to the room that
imports it, as data flows; arrows that follow from others (A to C where A leads to B and B to C) are
left out.
"""

import ast
from dataclasses import dataclass
from html import escape
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PACKAGES = ("fusion", "storage", "dashboards", "flows")
BOX_WIDTH, BOX_HEIGHT = 104, 30
COLUMN, ROW = 138, 46
"""Distances between the left edges of columns, and between the upper edges of rows, in pixels."""
MARGIN, TITLE = 14, 34
Arrows = set[tuple[str, str]]


def room_of(module: str) -> str:
    """Return the room of a module: the first folder of its package, or the file at the root.

    Rooms within rooms count as their outermost one.
    """
    return module.split(".")[1]


def imports_of(file: Path, package: str) -> set[str]:
    """Return the modules of `package` that a file imports, anywhere in it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules = {node.module for node in nodes if node.module}
    return {module for module in modules if module.startswith(f"{package}.")}


def arrows(package: str) -> Arrows:
    """Return the pairs (imported room, importing room) of a package."""
    pairs: Arrows = set()
    for file in sorted((ROOT / package).rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        importer = room_of(module)
        if importer != "__init__":
            pairs |= {(room_of(name), importer) for name in imports_of(file, package)}
    return {(imported, importer) for imported, importer in pairs if imported != importer}


def levels(pairs: Arrows) -> dict[str, int]:
    """Return each room's level: one more than the highest of those that it imports from."""
    level = dict.fromkeys({room for pair in pairs for room in pair}, 0)
    for _ in level:  # as many rounds as rooms: a path is no longer than that
        for imported, importer in pairs:
            level[importer] = max(level[importer], level[imported] + 1)
    return level


def essential(pairs: Arrows) -> Arrows:
    """Return the arrows that do not follow from others (the transitive reduction)."""
    return {pair for pair in pairs if pair[1] not in reachable(pairs - {pair}, pair[0])}


def reachable(pairs: Arrows, start: str) -> set[str]:
    """Return the rooms that arrows lead to from `start`."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        room = waiting.pop()
        following = {importer for imported, importer in pairs if imported == room}
        waiting += following - seen
        seen |= following
    return seen


@dataclass(frozen=True)
class Drawing:
    """A package's picture: SVG elements, and the size they take in pixels."""

    elements: list[str]
    width: int
    height: int


def draw(package: str, top: int) -> Drawing:
    """Draw a package's rooms in columns by level, `top` pixels from the upper edge."""
    pairs = arrows(package)
    columns: dict[int, list[str]] = {}
    for room, level in sorted(levels(pairs).items()):
        columns.setdefault(level, []).append(room)
    tallest = max(map(len, columns.values()))
    corner: dict[str, tuple[int, int]] = {}
    for level, rooms in columns.items():
        spare = (tallest - len(rooms)) * ROW // 2
        for position, room in enumerate(rooms):
            corner[room] = (MARGIN + level * COLUMN, top + TITLE + spare + position * ROW)
    heading = f'<text class="package" x="{MARGIN}" y="{top + 20}">{package}/</text>'
    lines = [line(corner[a], corner[b]) for a, b in sorted(essential(pairs))]
    boxes = [box(room, *corner[room]) for room in sorted(corner)]
    width = 2 * MARGIN + max(columns) * COLUMN + BOX_WIDTH
    return Drawing([heading, *lines, *boxes], width, TITLE + tallest * ROW)


def line(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return an arrow from the right edge of one box to the left edge of another."""
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0] - 4, end[1] + BOX_HEIGHT // 2
    bend = (x2 - x1) // 2
    return f'<path d="M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'


def box(room: str, x: int, y: int) -> str:
    """Return a room's box with its name."""
    middle = f'x="{x + BOX_WIDTH // 2}" y="{y + BOX_HEIGHT // 2 + 4}"'
    size = f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}"'
    return f'<rect x="{x}" y="{y}" {size} rx="5"/><text {middle}>{escape(room)}</text>'


STYLE = """
rect { fill: #eef1fb; stroke: #5c6bc0 }
path { fill: none; stroke: #90a4ae; stroke-width: 1.3; marker-end: url(#head) }
text { font: 12px sans-serif; fill: #263238; text-anchor: middle }
.package { font-weight: bold; font-size: 15px; text-anchor: start }
"""
HEAD = (
    '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z" style="fill:#90a4ae;stroke:none;marker-end:none"/></marker>'
)


def picture() -> str:
    """Return the SVG of all packages, one below the other."""
    top, width = 0, 0
    elements: list[str] = []
    for package in PACKAGES:
        drawing = draw(package, top)
        elements += drawing.elements
        top += drawing.height + MARGIN
        width = max(width, drawing.width)
    title = "Rooms of the packages; arrows point from what is imported to what imports it"
    size = f'viewBox="0 0 {width} {top}" width="{width}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    background = f'<rect width="{width}" height="{top}" style="fill:#fff;stroke:none"/>'
    parts = [
        head,
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        f"<defs>{HEAD}</defs>",
        background,
    ]
    return "\n".join([*parts, *elements, "</svg>", ""])


if __name__ == "__main__":
    (DOCS / "rooms.svg").write_text(picture(), encoding="utf-8")
