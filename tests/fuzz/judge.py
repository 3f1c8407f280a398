"""What must hold of every command, whatever it was given."""

import json
import re
import traceback
from collections.abc import Iterator

from tests.flows.calling import call_main
from tests.flows.world import Ended, database, live_lists
from tests.fuzz.case import Case
from tests.fuzz.place import Place

CODES = {0, 1, 2, 4, 75}
"""Exit codes of the page about the command line that no signal and no fault of ours brings."""
MOVES = {"publish", "approve", "rollback", "run", "retrain", "forget", "prune"}
"""Verbs that may change what is live, or remove files, where they end well."""
OPENED = ("work/fusion.db", "work/runs/.lock/")
"""Files that reading opens to write, or locks."""
NO_SENTENCE = re.compile(
    r"Traceback \(most recent|unexpected \w+:|panicked|PanicException| object at 0x"
    r"|\w(Error|Warning|Exception)\b(?=[:(])|pydantic|sqlalche\.me|polars\.|site-packages"
)
"""Words of Python and of libraries, which no sentence for people holds."""
STEERING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ (INFO|WARNING|ERROR) ")
LONGEST = 5000
"""Letters of a line: a path alone may have 4,096."""
BEGINNING = 60
"""Letters by which a name is known."""


def judge(case: Case, place: Place) -> list[str]:
    """Run a case, and bring the place back.

    Returns:
        What was wrong with it; empty where nothing was.
    """
    try:
        case.write(place.work)
        place.touched.clear()
        made = place.changes().keys()
        try:
            ended = call_main(place.work, *case.words, **dict(case.env))
        except BaseException as failure:
            return [f"{type(failure).__name__} left the command line\n{traceback.format_exc()}"]
        return [*_of_words(case, ended), *_of_files(case, place, ended, set(made))]
    finally:
        place.restore()


def _of_words(case: Case, ended: Ended) -> Iterator[str]:
    shown = f"\n{ended.err[-3000:]}\n{ended.out[-3000:]}"
    if ended.code not in CODES:
        yield f"ended with {ended.code}{shown}"
        return
    both = _own_words(ended)
    found = NO_SENTENCE.search(both)
    if found:
        yield f"shows {found[0]!r}{shown}"
    found = STEERING.search(ended.err + ended.out)
    if found:
        yield f"shows the character {found[0]!r}{shown}"
    if "--json" in case.words and "--help" not in case.words and not _is_json(ended.out):
        yield f"no JSON{shown}"
    if ended.code == 0:
        return
    if not both.strip():
        yield f"ends with {ended.code} and no sentence{shown}"
    longest = max(map(len, both.splitlines()), default=0)
    if longest > LONGEST:
        yield f"a line of {longest} letters"
    # A name of blanks is shown in quotes, with escapes; a long one by its two ends.
    about = [shape for word in case.about for shape in (word[:BEGINNING], repr(word[:BEGINNING]))]
    if ended.code == 2 and about and not any(word in both for word in about):
        yield f"names none of {case.about}{shown}"


def _own_words(ended: Ended) -> str:
    """What the command says, without the lines of logs."""
    lines = [line for line in ended.err.splitlines() if not LOG_LINE.match(line)]
    return "\n".join([*lines, ended.out])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _of_files(case: Case, place: Place, ended: Ended, made: set[str]) -> Iterator[str]:
    if place.touched:
        yield f"writes outside: {place.touched}"
    changes = place.changes()
    moves = bool(MOVES.intersection(case.words)) and ended.code in (0, 4)
    for path, change in changes.items():
        if path in made:
            continue
        outside = not path.startswith("work/")
        if outside and change == "made" and any(name in path for name in ("precious/", "x")):
            continue
        if outside:
            yield f"{change} outside: {path}"
        elif change != "made" and not path.startswith(OPENED) and not moves:
            yield f"{change}: {path}"
    if "work/fusion.db" in changes and not moves:
        lists = live_lists(database(place.work))
        if lists != place.lists:
            yield "the live lists changed"
