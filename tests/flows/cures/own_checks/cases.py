"""Findings and refusals of the user's own checks, and their cures."""

from tests.flows.cures.case import Case, Cure, Refusal
from tests.flows.cures.shelf import configure, every, one, together

GUARD = "fusion/ingest/own_checks/expression_guard.py:"
CHECK = "fusion/ingest/own_checks/check_settings.py:"
DATA = "fusion/ingest/settings.py:"
GOOD = 'expression = "weight > 0"'


def own(rule: str, severity: str = "warn", name: str = "mine"):
    """Add a check to the end of the configuration."""
    said = "" if "severity" in rule else f'severity = "{severity}"\n'
    entry = f'\n[[data.checks]]\nname = "{name}"\n{said}{rule}\n'
    return lambda shelf: shelf.text("fusion.toml", lambda text: text + entry)


def broken(severity: str) -> Case:
    """One weight of 9 against a check that allows 5."""
    return Case(
        together(one("log.csv", weight="9"), own('column = "weight"\nmax = 5', severity)),
        Cure(
            "Mend the rows",
            every("log.csv", weight=lambda row: row["weight"].replace("9", "4")),
        ),
        Cure("correct the check", configure("max = 5", "max = 10")),
    )


FINDINGS = {
    "own_check_warns": broken("warn"),
    "own_check_quarantines": broken("quarantine"),
    "own_check_refuses": broken("refuse"),
    "own_check_unusable": Case(
        own('column = "wieght"\nmax = 5'),
        Cure("Correct the check", configure("wieght", "weight")),
    ),
}


def setting(site: str, says: str, old: str, new: str = GOOD, severity: str = "warn") -> Refusal:
    """A check with a wrong line, which the message says to replace."""
    return Refusal(site, says, own(old, severity), configure(old, new))


def expression(site: str, says: str, old: str, new: str = "weight > 0") -> Refusal:
    return setting(GUARD + site, says, f'expression = "{old}"', f'expression = "{new}"')


REFUSALS = [
    expression("pieces_of#1", "make several checks of it", " or ".join(["weight > 0"] * 70)),
    expression("pieces_of#2", "write such as: price > 0", "1 > 0"),
    expression("_tokens", "texts stand in 'single quotes'", "weight > 0;"),
    expression(
        "_word#1", "it takes bigint", "cast(year as date) > 1", "cast(weight as double) > 0"
    ),
    expression("_word#2", "with abs, ceil", "sum(weight) > 0", "abs(weight) > 0"),
    expression("_refuse_depth", "make it flatter", "(" * 40 + "weight > 0" + ")" * 40),
    setting(CHECK + "CheckSettings._one_rule#1", "give one of min and max, values", "unique = []"),
    setting(
        CHECK + "CheckSettings._one_rule#2",
        'use severity "warn" or "refuse"',
        'severity = "quarantine"\nmin_rows = 10',
        'severity = "refuse"\nmin_rows = 10',
    ),
    setting(
        CHECK + "CheckSettings._readable#1",
        "swap them",
        'column = "weight"\nmin = 9\nmax = 0',
        'column = "weight"\nmin = 0\nmax = 9',
    ),
    setting(
        CHECK + "CheckSettings._readable#2", "write such as: price > 0", 'expression = "1 > 0"'
    ),
    setting(
        CHECK + "CheckSettings._require_column#1",
        "needs `column`",
        "min = 0",
        'column = "weight"\nmin = 0',
    ),
    setting(
        CHECK + "CheckSettings._require_column#2",
        "remove it",
        'column = "weight"\nmin_rows = 10',
        "min_rows = 10",
    ),
    setting(
        CHECK + "_require_one_type",
        "write all in quotes, or none",
        'column = "weight"\nvalues = [1, "2"]',
        'column = "weight"\nvalues = [1, 2, 3, 4, 5]',
    ),
    Refusal(
        DATA + "DataSettings._require_named_tables#1",
        "rename one",
        together(own("min_rows = 1"), own("min_rows = 2")),
        configure('name = "mine"\nseverity = "warn"\nmin_rows = 2', 'name = "other"\nmin_rows = 2'),
    ),
    Refusal(
        DATA + "DataSettings._require_named_tables#2",
        "remove the check",
        together(
            own('table = "users"\nmin_rows = 1'),
            configure('users = "users.csv"\n', ""),
            configure('[data.user_features]\ncategory = ["club"]\n', ""),
        ),
        configure('table = "users"\n', ""),
    ),
]
