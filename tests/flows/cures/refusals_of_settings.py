"""Refusals of the configuration, the rules and the environment."""

import os

from tests.flows.cures.case import Refusal
from tests.flows.cures.findings_of_files import as_text, by_position, write
from tests.flows.cures.findings_of_settings import in_rules, prior, rules
from tests.flows.cures.shelf import add, configure, every, together


def section(text: str):
    """Add a section to the end of the configuration."""
    return lambda shelf: shelf.text("fusion.toml", lambda content: f"{content}\n{text}\n")


def source(line: str):
    return section(f"[[sources]]\n{line}")


def setting(site: str, says: str, old: str, new: str, plant=section):
    """A section with a wrong line, which the message says to replace."""
    return Refusal(site, says, plant(old), configure(old, new))


DATA = "fusion/ingest/settings.py:"
COLUMNS = "fusion/ingest/column_settings.py:"
TABLES = "fusion/ingest/table_settings.py:"
RULES = "fusion/lists/business_rules/rules.py:"
LIMITS = "fusion/lists/business_rules/exposure_limits.py:"
LISTS = "fusion/config/list_settings.py:"
CONFIG = "flows/settings.py:"
RETRAIN = "flows/retrain_settings.py:RetrainSettings."
KEY = "a key of thirty-two characters or more"
TOML = "fusion/core/toml_file.py:"
URLS = "storage/database/urls.py:"


OF_DATA = [
    Refusal(
        COLUMNS + "Columns._two_ids",
        "name the one of each",
        configure('item = "item"', 'item = "user"'),
        configure('item = "user"', 'item = "item"'),
    ),
    Refusal(
        COLUMNS + "refuse_key",
        "as FUSION_PSEUDONYM_KEY",
        add("data", f'pseudonyms = true\npseudonym_key = "{KEY}"'),
        configure(f'pseudonym_key = "{KEY}"\n', ""),
        then_env={"FUSION_PSEUDONYM_KEY": KEY},
    ),
    Refusal(
        DATA + "DataSettings._consistent#2",
        "needs [data] users, the file that holds the column",
        configure('users = "users.csv"', 'user_columns = { opt_out = "out" }'),
        together(
            every("users.csv", out=lambda row: "no"),
            configure("user_columns = {", 'users = "users.csv"\nuser_columns = {'),
        ),
    ),
    Refusal(
        "fusion/ingest/people/pseudonyms.py:Pseudonyms.from_environment",
        "before the first run, make one",
        add("data", "pseudonyms = true"),
        then_env={"FUSION_PSEUDONYM_KEY": KEY},
    ),
    Refusal(
        TABLES + "refuse_incomplete#1",
        'needs both: { url = "...", query = "select ..." }',
        configure('"log.csv"', '{ url = "sqlite:///data.db" }'),
        configure('{ url = "sqlite:///data.db" }', '"log.csv"'),
    ),
    Refusal(
        TABLES + "refuse_incomplete#2",
        "give a file, folder or glob",
        configure('"log.csv"', '""'),
        configure('interactions = ""', 'interactions = "log.csv"'),
    ),
    setting(
        COLUMNS + "refuse_unknown_zone",
        "such as Asia/Shanghai or UTC",
        'timezone = "Mars"',
        'timezone = "Asia/Shanghai"',
        lambda line: add("data", line),
    ),
    Refusal(
        COLUMNS + "refuse_negative",
        "Leave such events out",
        together(
            every("log.csv", event=lambda row: "buy"),
            add("data.columns", 'event = "event"\n\n[data.events]\nbuy = 5\nrefund = -1'),
        ),
        configure("refund = -1\n", ""),
    ),
    Refusal(
        DATA + "DataSettings._consistent#1",
        "needs [data.columns] event",
        together(
            every("log.csv", event=lambda row: "buy"), add("data.columns", "[data.events]\nbuy = 5")
        ),
        configure('weight = "weight"\n', 'weight = "weight"\nevent = "event"\n'),
    ),
    Refusal(
        DATA + "DataSettings._require_one_way#1",
        "give all by name, or all by position",
        configure('user = "user"', "user = 1"),
        configure("user = 1", 'user = "user"'),
    ),
    Refusal(
        DATA + "DataSettings._require_one_way#2",
        "[data.item_columns] id is needed",
        together(
            as_text(lambda text: text.partition("\n")[2]),
            by_position,
            configure('[data.item_columns]\nid = "item"\n\n', ""),
        ),
        configure("[data.user_columns]", '[data.item_columns]\nid = "item"\n\n[data.user_columns]'),
    ),
    Refusal(
        COLUMNS + "require_file",
        "needs [data] items, the file that holds the columns",
        configure('items = "items.csv"\n', ""),
        add("data", 'items = "items.csv"'),
    ),
    Refusal(
        COLUMNS + "refuse_names#1",
        "name each column once",
        configure('number = ["year"]', 'number = ["year", "year"]'),
        configure('["year", "year"]', '["year"]'),
    ),
    Refusal(
        COLUMNS + "refuse_names#2",
        "rename the column in the file",
        together(
            every("users.csv", id=lambda row: row["club"]),
            configure('category = ["club"]', 'category = ["id"]'),
        ),
        together(
            every("users.csv", team=lambda row: row["id"]),
            configure('category = ["id"]', 'category = ["team"]'),
        ),
    ),
    Refusal(
        "fusion/ingest/expression_tokens.py:expression_error",
        "such as: weight >= 4",
        add("data", 'positive = "weight >"'),
        configure('"weight >"', '"weight >= 4"'),
    ),
    Refusal(
        "fusion/ingest/interactions.py:_positive_columns",
        "Did you mean 'weight'?",
        add("data", 'positive = "wieght > 4"'),  # codespell:ignore
        configure("wieght", "weight"),  # codespell:ignore
    ),
]
OF_RULES = [
    Refusal(
        "fusion/lists/business_rules/rule_forms.py:Named._names_something",
        "give `items`, `categories` or both",
        rules("[[allow]]\n"),
        in_rules("[[allow]]", '[[allow]]\nitems = ["1"]'),
    ),
    Refusal(
        LIMITS + "LimitExposure._asks_something#1",
        "give `least`, `most` or both",
        rules('[[limit_exposure]]\nitems = ["1"]\n'),
        in_rules('items = ["1"]', 'items = ["1"]\nmost = 0.9'),
    ),
    Refusal(
        LIMITS + "LimitExposure._asks_something#2",
        "swap them",
        rules('[[limit_exposure]]\nitems = ["1"]\nleast = 0.5\nmost = 0.1\n'),
        in_rules("least = 0.5\nmost = 0.1", "least = 0.1\nmost = 0.5"),
    ),
    Refusal(
        LIMITS + "_known_group",
        "Did you mean 'head'?",
        rules('[[limit_exposure]]\ngroups = ["haed"]\nmost = 0.5\n'),
        in_rules("haed", "head"),
    ),
    Refusal(
        RULES + "Boost._moves",
        "give a number above or below 0",
        rules('[[boost]]\nitems = ["1"]\nplaces = 0\n'),
        in_rules("places = 0", "places = 3"),
    ),
    Refusal(
        RULES + "RuleSet._pins_agree",
        "keep one of them",
        rules('[[pin]]\nitem = "1"\nrank = 1\n\n[[pin]]\nitem = "2"\nrank = 1\n'),
        in_rules('\n[[pin]]\nitem = "2"\nrank = 1\n', ""),
    ),
    Refusal(
        RULES + "read_rules#1",
        "write them there",
        add("lists", 'rules = "rules.toml"'),
        write("rules.toml", '[[allow]]\nitems = ["1"]\n'),
    ),
    Refusal(
        RULES + "read_rules#1",
        "take `rules` out of [lists]",
        add("lists", 'rules = "rules.toml"'),
        configure('rules = "rules.toml"\n', ""),
    ),
    Refusal(
        TOML + "read_toml#1",
        "is not valid TOML",
        rules("[[allow]\n"),
        in_rules("[[allow]\n", '[[allow]]\nitems = ["1"]'),
    ),
    Refusal(
        TOML + "read_toml#2",
        "Is a directory",
        together(add("lists", 'rules = "."'), write("rules.toml", "")),
        configure('rules = "."', 'rules = "rules.toml"'),
    ),
    Refusal(
        RULES + "read_rules#2",
        "Did you mean 'allow'?",
        rules('[[alow]]\nitems = ["1"]\n'),  # codespell:ignore
        in_rules("alow", "allow"),  # codespell:ignore
    ),
    Refusal(
        "fusion/lists/business_rules/resolve_priors.py:with_priors",
        "Correct the name",
        prior('["1"]', '["genres=new"]'),
        configure("genres=new", "genre=new"),
    ),
    Refusal(
        "fusion/lists/business_rules/resolve_rules.py:usable",
        "Pin to a rank of at most [lists] size",
        rules('[[pin]]\nitem = "1"\nrank = 200\n'),
        in_rules("200", "20"),
    ),
]
OF_SOURCES = [
    Refusal(
        "fusion/config/core.py:CoreConfig._named_once",
        "every source needs a name of its own",
        together(source('name = "als"'), source('name = "als"')),
        lambda shelf: shelf.text(
            "fusion.toml", lambda text: text.replace('"als"', '"als2"\nuse = "als"', 1)
        ),
    ),
    setting(
        "fusion/config/sources.py:SourceSettings._plain#1",
        "takes lower-case letters, digits and _",
        'name = "My ALS"\nuse = "als"',
        'name = "my_als"\nuse = "als"',
        source,
    ),
    setting(
        "fusion/config/sources.py:SourceSettings._plain#2",
        "such as 'my_lists'",
        'name = "lists"\nuse = "als"',
        'name = "my_lists"\nuse = "als"',
        source,
    ),
    setting(
        "fusion/models/base/registry.py:build",
        "Did you mean 'ease'?",
        'name = "eas"',
        'name = "ease"',
        source,
    ),
    setting(
        "fusion/models/base/registry.py:make",
        "It takes: ",
        'name = "als"\nsettings = { factor = 8 }',
        'name = "als"\nsettings = { factors = 8 }',
        source,
    ),
    setting(
        "fusion/training/sources.py:build_source",
        "leave refit out",
        'name = "als"\nrefit = "warm"',
        'name = "als"',
        source,
    ),
    setting(
        "fusion/training/sources.py:build_source",
        "set it to 'fold'",
        'name = "als"\nrefit = "warm"',
        'name = "als"\nrefit = "fold"',
        source,
    ),
    Refusal(
        "fusion/training/sources.py:require_one",
        "configure one that fits the data",
        together(configure('time = "time"\n', ""), source('name = "sequence"')),
        configure('name = "sequence"', 'name = "popularity"'),
    ),
    Refusal(
        LISTS + "ListSettings._one_line",
        "letters, digits, signs and spaces are allowed",
        add("lists", 'placement = "a\\u0007b"'),
        configure("a\\u0007b", "a b-1"),
    ),
    Refusal(
        LISTS + "NewItemPlaces._not_below_min",
        "swap them",
        add("lists", "new_items = { min = 0.3, max = 0.1 }"),
        configure("min = 0.3, max = 0.1", "min = 0.1, max = 0.3"),
    ),
    Refusal(
        LISTS + "ListSettings._auto_or_shares#1",
        "a table such as { min = 0.02, max = 0.2 }",
        add("lists", 'new_items = "some"'),
        configure('"some"', "{ min = 0.02, max = 0.2 }"),
    ),
    Refusal(
        LISTS + "ListSettings._auto_or_shares#2",
        "Did you mean 'min'?",
        add("lists", "new_items = { mim = 0.1 }"),
        configure("mim", "min"),
    ),
    Refusal(
        LISTS + "ListSettings._auto_or_shares#3",
        "or write 'auto'",
        add("lists", "new_items = {}"),
        configure("new_items = {}", "new_items = 'auto'"),
    ),
    Refusal(
        "fusion/core/torch_runtime.py:device_for",
        "use device = 'auto'",
        configure("[data]\n", 'device = "cuda"\n\n[data]\n'),
        configure('device = "cuda"', "device = 'auto'"),
    ),
]
OF_PLACES = [
    setting(
        URLS + "parse_url",
        "sqlite:///path/to/file.db",
        '[storage]\nurl = "fusion.db"',
        '[storage]\nurl = "sqlite:///fusion.db"',
    ),
    setting(
        URLS + "storage_url#1",
        "sqlite:///path/to/file.db",
        '[storage]\nurl = "mysql://u:p@h/d"',
        '[storage]\nurl = "sqlite:///fusion.db"',
    ),
    setting(
        URLS + "storage_url#2",
        "name a file",
        '[storage]\nurl = "sqlite://"',
        '[storage]\nurl = "sqlite:///fusion.db"',
    ),
    setting(
        URLS + "storage_url#3",
        "give each tenant a file in [storage] url",
        '[storage]\nschema = "shop"',
        '[storage]\nurl = "sqlite:///shop.db"',
    ),
    Refusal(
        "storage/database/translation.py:_translate_sqlite#2",
        "its folder must exist",
        section('[storage]\nurl = "sqlite:///none/x.db"'),
        lambda shelf: (shelf.folder / "none").mkdir(),
    ),
]
OF_RETRAINING = [
    setting(
        "flows/cron.py:require_cron",
        "such as",
        '[retrain]\ncron = "daily"',
        '[retrain]\ncron = "0 3 * * *"',
    ),
    setting(
        RETRAIN + "_known_zone",
        "such as",
        '[retrain]\ntimezone = "Mars"',
        '[retrain]\ntimezone = "Asia/Shanghai"',
    ),
    setting(
        RETRAIN + "_spans",
        "such as",
        '[retrain]\nquiet_hours = ["at night"]',
        '[retrain]\nquiet_hours = ["22:30-01:00"]',
    ),
    setting(
        RETRAIN + "_capped",
        "make it the longest wait",
        "[retrain]\nbackoff = 30",
        "[retrain]\nbackoff = 30\nmax_backoff = 60",
    ),
]
OF_NOTIFYING = [
    setting(
        "flows/notify_settings.py:NotifySettings._with_scheme",
        "write scheme://",
        '[notify]\nurls = ["ann"]',
        '[notify]\nurls = ["http://127.0.0.1:9/hook"]',
    ),
]
OF_FILES = [
    Refusal(
        CONFIG + "read_config#1",
        "--config names another",
        lambda shelf: (shelf.folder / "fusion.toml").rename(shelf.folder / "mine.toml"),
        then=("train", "--config", "mine.toml"),
    ),
    Refusal(
        CONFIG + "read_config#1",
        "`fusion init FILE` writes one",
        lambda shelf: (shelf.folder / "fusion.toml").unlink(),
        lambda shelf: shelf.call("init", "log.csv"),
    ),
    setting(TOML + "read_toml#1", "line", "[gate]\nusers = ", "[gate]\nusers = 5"),
    Refusal(
        TOML + "read_toml#2",
        "Is a directory",
        words=("train", "--config", "."),
        then=("train", "--config", "fusion.toml"),
    ),
    setting(
        TOML + "read_toml#3",
        "nests brackets too deeply",
        "[gate]\nusers = " + "[" * 5000,
        "[gate]\nusers = 5",
    ),
    Refusal(
        TOML + "_require_small_file#1",
        "write its text to a file",
        words=("train", "--config", "/dev/null"),
        then=("train", "--config", "fusion.toml"),
    ),
    Refusal(
        TOML + "_require_small_file#2",
        "name a configuration",
        lambda shelf: os.truncate(shelf.folder / "log.csv", 2**30),
        lambda shelf: shelf.fill(),
        words=("train", "--config", "log.csv"),
        then=("train", "--config", "fusion.toml"),
    ),
    Refusal(
        CONFIG + "read_config#4",
        "nests brackets too deeply",
        env={"FUSION_SOURCES": "[" * 100_000},
        then_env={"FUSION_SOURCES": "[]"},
    ),
    setting(
        "fusion/core/settings.py:require_text#1",
        "remove it",
        '[artifacts]\npath = "a\\u0000b"',
        '[artifacts]\npath = "ab"',
    ),
    Refusal(
        "fusion/core/settings.py:require_text#2",
        "is not UTF-8",
        env={"FUSION_ARTIFACTS__PATH": "a\udc80"},
        then_env={"FUSION_ARTIFACTS__PATH": "a"},
    ),
    setting(
        "fusion/core/settings.py:Settings._countable",
        "numbers go up to 2,147,483,647",
        "[ranker]\ntrees = 9999999999",
        "[ranker]\ntrees = 99",
    ),
    Refusal(
        URLS + "require_server_address",
        "Write host:port",
        env={"FUSION_STORAGE__URL": "postgresql://u:p@a..b/d"},
        then_env={},
    ),
    Refusal(
        URLS + "require_sqlite_parameters",
        "Parameters of SQLite: ",
        env={"FUSION_STORAGE__URL": "sqlite:///x.db?timeout=abc"},
        then_env={"FUSION_STORAGE__URL": "sqlite:///x.db?timeout=9"},
    ),
    setting(CONFIG + "read_config#2", "Did you mean 'gate'?", "[gat]", "[gate]"),
    setting(
        CONFIG + "read_config#2",
        "greater than or equal to 0",
        "[tune]\ntrials = -1",
        "[tune]\ntrials = 1",
    ),
    Refusal(
        CONFIG + "read_config#3",
        "write FUSION_SECTION__KEY=value",
        env={"FUSION_LISTS": "size=7"},
        then_env={"FUSION_LISTS__SIZE": "7"},
    ),
    Refusal(
        CONFIG + "refuse_unknown_variables",
        "Did you mean FUSION_STORAGE__URL?",
        env={"FUSION_STORAG__URL": "sqlite:///x.db"},
        then_env={"FUSION_STORAGE__URL": "sqlite:///x.db"},
    ),
]
REFUSALS = [*OF_DATA, *OF_RULES, *OF_SOURCES, *OF_PLACES, *OF_RETRAINING, *OF_NOTIFYING, *OF_FILES]
