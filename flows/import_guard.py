"""A guard against packages of other people that stand under the name of one of ours.

It ends the process with a sentence, before an import ends in a traceback. Nothing but the standard
library is imported here. A foreign `flows` is only noticed where Python comes here all the same, as
from an editable installation.
"""

import json
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

OURS = ("flows", "storage", "dashboards", "fusion")
"""Packages that stand in one folder."""
WRONG_CONFIGURATION = 2
"""The exit code of `fusion.errors.ConfigError`, which may be a foreign package here."""


def find_foreign_package() -> tuple[str, Path] | None:
    """Return the first of our names that Python would import from elsewhere.

    Returns:
        The name and the place that hides ours; None when all are ours.
    """
    our_folder = Path(__file__).resolve().parents[1]
    for name in OURS:
        place = _place_of(find_spec(name))
        if place is not None and place.parent != our_folder:
            return name, place
    return None


def _place_of(spec: ModuleSpec | None) -> Path | None:
    """Return the folder of a package, or the file of a module; None where Python knows neither."""
    if spec is None:
        return None
    # A package without `__init__.py` has no origin, a module no locations.
    places = [*(spec.submodule_search_locations or ()), spec.origin]
    for place in places:
        if place:
            return Path(place).resolve()
    return None


def refuse_foreign() -> None:
    """End the process with a sentence and exit code 2 where one of our packages is another's."""
    foreign = find_foreign_package()
    if foreign is None:
        return
    name, place = foreign
    message = (
        f"foreign_package ({name}): {place} is not ours and hides it; "
        f"take {place.parent} off PYTHONPATH, start elsewhere, "
        "or give fusion an environment of its own"
    )
    if "--json" in sys.argv:
        content = {"error": message, "exit_code": WRONG_CONFIGURATION}
        sys.stdout.write(json.dumps(content, indent=1) + "\n")
    else:
        sys.stderr.write(f"error {message}\n")
    sys.exit(WRONG_CONFIGURATION)
