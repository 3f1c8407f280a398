"""A shop in which everybody's taste changes, and the line of a replay of it."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

FIRST, LAST = "2020-12-10", "2020-12-31"
DATES = ("--from", FIRST, "--to", LAST, "--every", "7d")
ITEMS = 60
TURN = 2
"""Groups of items by which a taste turns: nobody likes then what they liked before."""


def turn_tastes(folder: Path) -> None:
    """Let everybody take items of another group from the first date on."""
    ratings = folder / "ratings.csv"
    moment = datetime.fromisoformat(FIRST).replace(tzinfo=UTC).timestamp()
    header, *lines = ratings.read_text().splitlines()
    turned = [header]
    for line in lines:
        user, item, time, rating = line.split(",")
        if int(time) >= moment:
            item = f"i{(int(item[1:]) + TURN) % ITEMS}"
        turned.append(f"{user},{item},{time},{rating}")
    ratings.write_text("\n".join(turned) + "\n")


def set_policy(folder: Path, lines: str) -> None:
    """Write the `[retrain]` section of a shop that has none."""
    config = folder / "fusion.toml"
    config.write_text(f"{config.read_text()}\n[retrain]\n{lines}\n")


def listing(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Size, time of change and content of every file below a folder."""
    files = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            status = file.stat()
            content = sha256(file.read_bytes()).hexdigest()
            files[str(file.relative_to(folder))] = (status.st_size, status.st_mtime_ns, content)
    return files
