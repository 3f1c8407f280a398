"""The choice of the file of interactions among the files of a folder."""

from pathlib import Path

from fusion.errors import ConfigError, DataError
from fusion.ingest.formats.file_search import find_files
from fusion.ingest.guess.cell_kinds import is_number
from fusion.ingest.guess.column_roles import by_name, guess_roles
from fusion.ingest.guess.draft import Guess, SampledTable, sample_table
from fusion.ingest.guess.vocabulary import ITEM, USER

MIN_REPEATS = 2
"""Rows of a user, on average, in a log without names: in a table of users each has one."""


def choose_interactions(
    place: str, base: Path, draft: Guess
) -> tuple[SampledTable, list[SampledTable]]:
    """Choose the interactions among the files that a place names.

    Args:
        place: a file, or a folder of files that are parts of one table or different tables.
        base: folder at which relative paths start.
        draft: takes the sentences about the choice.

    Returns:
        The interactions, and the other files of the folder.

    Raises:
        ConfigError: no file of the folder has columns of users and items.
        DataError: the file cannot be read.
    """
    # Called for a single file too: it says best what is wrong with a place.
    files = find_files("interactions", place, base)
    if not (base / place).is_dir():
        return sample_table(place, base, "interactions"), []
    tables = _sampled(files, base, draft)
    forms = {_form(table) for table in tables}
    if len(forms) == 1:  # parts of one table
        return sample_table(place, base, "interactions"), []
    logs = [table for table in tables if _has_users_and_items(table)]
    if not logs:
        names = ", ".join(table.place for table in tables)
        raise ConfigError(
            "none of the files has a column of users and one of items: "
            f"{names}. Name the file instead."
        )
    log = max(logs, key=_rank)
    draft.sentences.append(
        f"{log.place} holds the interactions: it has users and items, and most to go with them."
    )
    return log, [table for table in tables if table is not log]


def _sampled(files: list[Path], base: Path, draft: Guess) -> list[SampledTable]:
    """Sample the files that can be read."""
    tables = []
    for path in files:
        is_inside = path.is_relative_to(base)
        place = path.relative_to(base).as_posix() if is_inside else str(path)
        try:
            tables.append(sample_table(place, base, "files"))
        except DataError as error:
            draft.sentences.append(f"{path.name} is ignored: it cannot be read ({error}).")
    return tables


def _form(table: SampledTable) -> tuple[object, ...]:
    """Return what parts of one table share: names, or without them the kinds of their columns."""
    if table.has_names:
        return tuple(table.columns)
    return tuple(is_number(table.sample[name]) for name in table.columns)


def _has_users_and_items(table: SampledTable) -> bool:
    if not table.has_names:
        return _reads_as_log(table)
    user = by_name(table.columns, USER)
    item = by_name(table.columns, ITEM)
    return user is not None and item is not None


def _reads_as_log(table: SampledTable) -> bool:
    """Return True for a table without names in which users recur, with ratings, events or times."""
    try:
        roles = guess_roles(table.sample, has_names=False)
    except ConfigError:
        return False
    n_users = table.sample[roles.user].n_unique()
    return n_users * MIN_REPEATS <= len(table.sample) and len(roles.named()) > len(("user", "item"))


def _rank(table: SampledTable) -> tuple[int, int]:
    """Order logs by the number of roles they have columns for, then by size."""
    roles = guess_roles(table.sample, table.has_names).named()
    n_roles = len({"weight", "event", "time"} & roles.keys())
    paths = [part.path for part in table.table.parts if part.path is not None]
    n_bytes = sum(path.stat().st_size for path in paths)
    return n_roles, n_bytes
