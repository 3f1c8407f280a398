"""Packages of other people under the name of one of ours: told in a sentence, before an import ends in a traceback.

Nothing but the standard library is imported here. A foreign `flows` can only be told where Python
comes here all the same, as from an editable installation.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

OURS = ("flows", "storage", "dashboards", "fusion")
"""What stands in one folder."""
WRONG_CONFIGURATION = 2


def find_foreign_package() -> tuple[str, Path] | None:
    """The first of our names that Python would import from elsewhere, and from where."""
    beside = Path(__file__).resolve().parents[1]
    for name in OURS:
        spec = find_spec(name)
        places = [] if spec is None else [*(spec.submodule_search_locations or ()), spec.origin]
        place = next((Path(place).resolve() for place in places if place), None)
        if place is not None and place.parent != beside:
            return name, place
    return None


def refuse_foreign() -> None:
    """End the process with a sentence and exit code 2 where one of our packages is another's."""
    found = find_foreign_package()
    if found is None:
        return
    name, place = found
    message = (
        f"foreign_package ({name}): {place} is not ours and hides it; take {place.parent} off PYTHONPATH, "
        "start elsewhere, or give fusion an environment of its own"
    )
    if "--json" in sys.argv:
        sys.stdout.write(
            json.dumps({"error": message, "exit_code": WRONG_CONFIGURATION}, indent=1) + "\n"
        )
    else:
        sys.stderr.write(f"error {message}\n")
    sys.exit(WRONG_CONFIGURATION)
