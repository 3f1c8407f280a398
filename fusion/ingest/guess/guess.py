"""The guess of a configuration from files, for `fusion init`."""

from pathlib import Path

import polars as pl

from fusion.ingest.cell_parsing import id_text, numbers
from fusion.ingest.column_settings import Column
from fusion.ingest.guess.cell_kinds import is_number
from fusion.ingest.guess.column_roles import Roles, guess_roles
from fusion.ingest.guess.draft import Guess, SampledTable, sample_table
from fusion.ingest.guess.interaction_file import choose_interactions
from fusion.ingest.guess.side_tables import (
    ITEMS,
    USERS,
    choose_table,
    describe_items_in_log,
    describe_table,
)
from fusion.ingest.guess.vocabulary import event_weight

SMALLEST_SCALE = 4
LARGEST_SCALE = 10
"""A largest weight above the first and not above the second is that of a rating scale: of 5 or 10
stars, mostly. Flags stay below it, counts and hours go beyond."""


def guess(
    interactions: str, base: Path, items: str | None = None, users: str | None = None
) -> Guess:
    """Look at files and guess the `[data]` section.

    Args:
        interactions: a file, or a folder of different files: the one with users and items is taken,
            and what describes those beside it.
        base: folder at which relative paths start.
        items: file of the items; None: chosen from the folder.
        users: file of the users; None: chosen from the folder.

    Returns:
        Settings, and sentences that say what was guessed and why.

    Raises:
        ConfigError: no file or column could be that of the interactions.
        DataError: a file cannot be read.
    """
    draft = Guess()
    log, others = choose_interactions(interactions, base, draft)
    roles = guess_roles(log.sample, log.has_names)
    draft.settings["interactions"] = log.place
    draft.settings["columns"] = _references(roles, log)
    draft.sentences += log.about_names()
    draft.sentences += _sentences_about(roles, log)
    _guess_events(roles, log, draft)
    for side, place, role in ((ITEMS, items, roles.item), (USERS, users, roles.user)):
        # Positions in the log say nothing of other files.
        id_column = role if log.has_names else None
        if place:
            table: SampledTable | None = sample_table(place, base, side.name)
        else:
            table = choose_table(side, others, id_column, draft)
        if table is not None:
            describe_table(side, table, id_column, draft)
    if "items" not in draft.settings:
        describe_items_in_log(log, roles, draft)
    for other in others:
        if not draft.uses_as_table(other.place):
            draft.sentences.append(f"{other.place} is ignored: nothing in it is needed.")
    return draft


def _sentences_about(roles: Roles, log: SampledTable) -> list[str]:
    """Say which columns were taken for what, and what follows from that."""
    columns = ", ".join(f"{role} = {name!r}" for role, name in _references(roles, log).items())
    sentences = [f"Columns of {log.place}: {columns}.", *roles.reasons]
    if roles.time is None:
        sentences.append(
            "No column holds times: the order of the file counts, and nothing is split by time."
        )
    elif not is_number(log.sample[roles.time]):
        sentences.append(
            "Times without a zone are read as UTC; change timezone if they were written elsewhere."
        )
    if roles.weight is not None and _is_rating(log.sample[roles.weight]):
        sentences.append(
            "Every interaction counts as liked; with ratings, "
            'positive = "weight >= 4" would narrow it.'
        )
    if roles.weight is None and roles.event is None:
        sentences.append(
            "No column says how much somebody liked a thing: every interaction weighs 1."
        )
    return sentences


def _references(roles: Roles, log: SampledTable) -> dict[str, Column]:
    """Columns by role, as the configuration names them."""
    return {role: log.reference(name) for role, name in roles.named().items()}


def _is_rating(weights: pl.Series) -> bool:
    largest = max(numbers(weights).drop_nulls().to_list())
    return bool(SMALLEST_SCALE < largest <= LARGEST_SCALE)


def _guess_events(roles: Roles, log: SampledTable, draft: Guess) -> None:
    """Give every event of the whole log its usual weight."""
    if roles.event is None:
        return
    names = _event_names(log, roles.event)
    weights = {}
    for name in names:
        weight = event_weight(name)
        if weight is not None:
            weights[name] = weight
    # Nothing but refunds and the like: the column is no event as we mean it.
    if not weights:
        del draft.settings["columns"]["event"]
        return
    draft.settings["events"] = weights
    draft.sentences.append(
        f"Weights of events are guesses by their names; correct them: {weights}."
    )
    negative = [name for name in names if name not in weights]
    if negative:
        draft.sentences.append(
            f"Events that say the contrary of liking are left out: {', '.join(negative)}."
        )


def _event_names(log: SampledTable, column: str) -> list[str]:
    """Names of all events, in the order of their first row."""
    cell = pl.col(column).cast(pl.String)
    cells = pl.concat([part.frame.select(cell) for part in log.table.parts])
    # The whole log is read: a rare event, such as a purchase, may be missing from the sample.
    different = cells.unique(maintain_order=True).collect(engine="streaming")
    return id_text(different[column]).drop_nulls().to_list()
