"""Verbs about one user: their list, and what is held of them."""

import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.app import FILE, Config, Json, open_session, verb
from flows.cli.console import emit, json_of, out
from fusion.errors import ConfigError, DataError

STDOUT = "-"
"""Stands for standard output where a file is named."""


@verb
def show(
    user: Annotated[str, typer.Argument(help="a user's id")] = "",
    why: Annotated[bool, typer.Option("--why", help="every reason, the strongest first")] = False,
    items: Annotated[
        str, typer.Option("--items", help="for somebody new: ids of items they like, 12,7,31")
    ] = "",
    text: Annotated[
        str, typer.Option("--text", help="for somebody new: a sentence that says what they like")
    ] = "",
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Show a user's live list and why each item is in it, or make one for somebody new.

    Returns:
        0.
    """
    if sum(map(bool, (user, items, text))) != 1:
        raise ConfigError(
            "`fusion show` takes a user's id, or --items, or --text, one of them: "
            'fusion show 42, fusion show --items 12,7, fusion show --text "a quiet western"'
        )
    if not user:
        return _show_requested(config, items, text, as_json)
    from flows.cli.screens.lists import print_user_list  # noqa: PLC0415
    from flows.cli.screens.reasons import print_reasons  # noqa: PLC0415
    from flows.steps.show import user_lists  # noqa: PLC0415

    session = open_session(config, read_only=True)
    rows = user_lists.user_list(session, user)
    if not why:
        if as_json:
            emit(rows)
        else:
            print_user_list(out, user, rows, user_lists.origin_of(session, rows))
        return 0
    reasons, missing = user_lists.reasons_of(session, user, rows)
    if as_json:
        # The same keys for every user, also where a fallback has no reasons.
        emit({"list": rows, "reasons": reasons, "missing": missing})
    elif user_lists.is_fallback(rows):
        print_user_list(out, user, rows)
        if len(rows):
            out.print(missing, markup=False)
    else:
        print_reasons(out, user, rows, reasons, missing)
    return 0


def _show_requested(config: Path, items: str, text: str, as_json: bool) -> int:
    """Show a list made on request."""
    from flows.cli.screens.lists import print_requested_list  # noqa: PLC0415
    from flows.steps.show.requested_list import requested_list  # noqa: PLC0415

    # Somebody waits for a list: what is encoded and read for it is no news.
    logging.getLogger("fusion.models.text").setLevel(logging.WARNING)
    ids = [one.strip() for one in items.split(",") if one.strip()]
    if items and not ids:
        raise ConfigError(f"--items {items!r} names no item; give ids with commas between: 12,7")
    session = open_session(config, read_only=True)
    rows = requested_list(session, items=ids, text=text)
    if as_json:
        emit(rows)
    else:
        print_requested_list(out, ", ".join(ids) if ids else f"\u201c{text}\u201d", rows)
    return 0


@verb
def person(
    user: Annotated[str, typer.Argument(help="a user's id")],
    export: Annotated[
        str | None,
        typer.Option("--export", help="write all of it as JSON; - is stdout"),
    ] = None,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Show what is held of a user in data, SQL, runs, stages and reports, of every placement.

    Returns:
        0, or 2 when a place could not be read and may hold more.
    """
    from flows.cli.screens.person import print_person  # noqa: PLC0415
    from flows.steps.person.export import export_person  # noqa: PLC0415

    file = None if export in (None, STDOUT) else Path(str(export))
    # Before the search, which may take minutes.
    if file is not None:
        _require_new(file)
    found = export_person(open_session(config, read_only=True), user)
    if file is not None:
        _write(file, found.as_dict())
    if as_json or export == STDOUT:
        emit(found.as_dict())
    else:
        print_person(out, found)
        if file is not None:
            out.print(f"Wrote {file}.", markup=False)
    return DataError.exit_code if found.unread else 0


def _require_new(file: Path) -> None:
    """Refuse a file that is there, which may be somebody else's export, or has no folder."""
    if file.exists():
        raise ConfigError(f"{file} exists; name another file with --export, or remove it")
    if not file.parent.is_dir():
        raise ConfigError(f"{file.parent} is no folder; make it, or name another with --export")


def _write(file: Path, document: dict[str, Any]) -> None:
    """Write a document whole, or not at all."""
    with file.open("x", encoding="utf-8") as stream:
        try:
            stream.write(json_of(document))
        except OSError:
            file.unlink(missing_ok=True)
            raise
