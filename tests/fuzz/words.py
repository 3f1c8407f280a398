"""Arguments of the command line, variables of the environment, and files that Prefect reads."""

import json

import typer
from hypothesis import strategies as st

from flows.cli.main import app
from tests.fuzz.case import Case
from tests.fuzz.configurations import CONFIG_SETTINGS, READING, near
from tests.fuzz.values import PATHS, TEXTS, VALUES, toml_value

VERBS = typer.main.get_command(app).commands
SERVING = {"ui", "schedule", "demo"}
"""Verbs that go on until they are stopped, or for minutes."""
HALF = st.sampled_from(["\udc80", "x\udcff"])
"""Bytes that are no UTF-8, as Python hands them over."""
HOSTILE = st.one_of(TEXTS, TEXTS, HALF)


USUAL = st.sampled_from(["live", "challenger", "u1", "ratings.csv", "24h", "2020-12-25", "5", "x"])
OTHERS = ["FUSION_FORGET_KEY", "FUSION_X", "FUSION_", "FUSION_SEED"]
"""Names of variables that are no key of a section."""
PREFECT_FILES = ["prefect.toml", "pyproject.toml", ".env", "profiles.toml"]
PREFECT_TEXTS = [
    *("api = 1", "tool = 1", "[tool]\nprefect = 2", "[[tool]]", "tool.prefect = []", "api = []"),
    *("active = []", 'active = "x"\nprofiles = 3', 'active = "x"\n[profiles]\nx = 1'),
    *("\udc80", "x = " + "9" * 5000, "x = " + "[" * 5000),
]
PREFECT_ENVIRONMENTS = [
    {"PREFECT_PROFILES_PATH": "profiles.toml"},
    {"PREFECT_PROFILES_PATH": "~nobody-at-all/x"},
    {"PREFECT_PROFILES_PATH": ".", "PREFECT_HOME": "~"},
    {"PREFECT_HOME": ".", "PREFECT_PROFILE": "x"},
]


@st.composite
def arguments(draw: st.DrawFn) -> Case:
    """Draw a verb with arguments and options, of which some make sense."""
    name = draw(st.sampled_from(sorted(VERBS.keys() - SERVING)))
    words = [name]
    for option in VERBS[name].params:
        is_argument = option.param_type_name == "argument"
        if option.name in ("help", "force", "config") or (not is_argument and draw(st.booleans())):
            continue
        value = draw(st.one_of(USUAL, HOSTILE))
        if is_argument:
            words.append(value)
        elif getattr(option, "is_flag", False):
            words.append(option.opts[0])
        else:
            words += [option.opts[0], value]
    if draw(st.integers(0, 4)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(HOSTILE))
    # A training ends soon where its configuration is not there.
    trains = name in ("run", "retrain", "train")
    if trains or draw(st.integers(0, 3)) == 0:
        hostile = st.sampled_from([path for path in PATHS if path != "fusion.toml"])
        words += ["--config", draw(hostile)]
    return Case(tuple(words))


@st.composite
def variables(draw: st.DrawFn) -> Case:
    """Draw a command with variables of the environment."""
    env, about = {}, set()
    for _ in range(draw(st.integers(1, 3))):
        path, info = draw(st.sampled_from(CONFIG_SETTINGS))
        value = draw(st.one_of(VALUES, near(info), HOSTILE))
        text = value if isinstance(value, str) else _json(value)
        name = "FUSION_" + "__".join(path).upper()
        if draw(st.integers(0, 9)) == 0:
            name = draw(st.sampled_from(OTHERS))
        about |= {name, name.removeprefix("FUSION_").lower(), path[0], path[-1]} - {""}
        # The system takes no NUL in the environment.
        env[name] = text.replace("\0", "")
    words = draw(st.sampled_from(READING))
    return Case(words, tuple(sorted(about)), env=tuple(env.items()))


def _json(value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return toml_value(value)


@st.composite
def prefect_files(draw: st.DrawFn) -> Case:
    """Draw files that Prefect reads in the working folder, and that are nobody's of ours.

    None names an API: Prefect would be imported, which takes seconds.
    """
    text = draw(st.one_of(st.sampled_from(PREFECT_TEXTS), TEXTS))
    name = draw(st.sampled_from(PREFECT_FILES))
    env = draw(st.sampled_from(PREFECT_ENVIRONMENTS))
    verb = draw(st.sampled_from(["publish", "monitor"]))
    raw = text.encode("utf-8", "surrogateescape")
    return Case((verb, "none-such"), files=((name, raw),), env=tuple(env.items()))
