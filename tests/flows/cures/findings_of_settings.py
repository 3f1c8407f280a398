"""Findings about rules, blocks and what settings name outside, and their cures."""

import shutil
import sys

from fusion.models.base.registry import offered
from tests.flows.cures.case import Case, Cure
from tests.flows.cures.findings_of_files import older_database, statements, write
from tests.flows.cures.shelf import Shelf, add, configure, every, together
from tests.fusion.hostile.installing import plant


def rules(text: str):
    return together(add("lists", 'rules = "rules.toml"'), write("rules.toml", text))


def prior(history: str, items: str):
    text = f'\n[[priors]]\nname = "mine"\nhistory = {history}\nitems = {items}\n'
    return lambda shelf: shelf.text("fusion.toml", lambda content: content + text)


def in_rules(old: str, new: str):
    return lambda shelf: shelf.text("rules.toml", lambda text: text.replace(old, new))


def block(columns: str, values: str):
    """Block something in the placement of the shelf."""
    return statements(
        f"insert into blocked_item (placement, {columns}) values ('default', {values})"
    )


def package(code: str):
    """Install a package whose module holds some code, or write the module anew."""

    def change(shelf):
        site = shelf.folder / "site"
        if not site.exists():
            plant(site, mine="sources:Mine")
            points = site / "hostile-1.0.dist-info" / "entry_points.txt"
            points.write_text("[fusion.sources]\nmine = my_other_half:Mine\n")
            sys.path.insert(0, str(site))
        (site / "my_other_half.py").write_text(code)
        offered.cache_clear()

    return change


def uninstall(shelf):
    sys.path.remove(str(shelf.folder / "site"))
    offered.cache_clear()


def backup(name: str):
    """Keep a copy of a file, as a backup does."""
    return lambda shelf: shutil.copy(shelf.folder / name, shelf.folder / f"{name}.backup")


def restore(name: str):
    return lambda shelf: shutil.copy(shelf.folder / f"{name}.backup", shelf.folder / name)


def in_another_database(shelf: Shelf) -> None:
    shelf.text("fusion.toml", lambda text: text + '\n[storage]\nurl = "sqlite:///empty.db"\n')


CASES = {
    "rule_item": Case(
        rules('[[allow]]\nitems = ["1", "x"]\n'),
        Cure("Correct the id", in_rules('"x"', '"2"')),
        Cure("take it out of the rules", in_rules(', "x"', "")),
    ),
    "rule_column": Case(
        rules('[[allow]]\ncategories = ["genres=new"]\n'),
        Cure("Correct the name", in_rules("genres", "genre")),
        Cure(
            "declare the column under [data.item_features]",
            together(
                every("items.csv", genres=lambda row: "new"),
                configure('category = ["genre"]', 'category = ["genre", "genres"]'),
            ),
        ),
    ),
    "rule_value": Case(
        rules('[[boost]]\ncategories = ["genre=New"]\nplaces = 2\n'),
        Cure("Correct the value; case counts", in_rules("New", "new")),
    ),
    "prior_item": Case(
        prior('["1", "x"]', '["genre=new"]'),
        Cure("Correct the id", configure('"x"', '"2"')),
        Cure("take it out of [[priors]]", configure(', "x"', "")),
    ),
    "prior_column": Case(
        prior('["1"]', '["genres=new"]'),
        Cure("Correct the name", configure("genres=new", "genre=new")),
        Cure(
            "declare the column under [data.item_features]",
            together(
                every("items.csv", genres=lambda row: "new"),
                configure('category = ["genre"]', 'category = ["genre", "genres"]'),
            ),
        ),
    ),
    "prior_value": Case(
        prior('["1"]', '["genre=New"]'),
        Cure("Correct the value in [[priors]]; case counts", configure("genre=New", "genre=new")),
    ),
    "rule_rank": Case(
        rules('[[pin]]\nitem = "1"\nrank = 200\n'),
        Cure("at most [lists] size", in_rules("200", "20")),
    ),
    "rule_allows_nothing": Case(
        rules('[[allow]]\nitems = ["x"]\n'),
        Cure("Correct the ids", in_rules('"x"', '"1"')),
        Cure("take the entry out", write("rules.toml", "")),
    ),
    "rule_shows_nothing": Case(
        together(
            rules('[[allow]]\nitems = ["1"]\n'),
            statements("insert into blocked_item (placement, item_id) values ('default', '1')"),
        ),
        Cure("Allow more items", in_rules('"1"', '"1", "2"')),
        Cure("take an entry", write("rules.toml", "")),
        Cure("a block", statements("delete from blocked_item")),
    ),
    "wrong_rules": Case(
        rules("[[alow]]\n"),
        Cure(
            "Correct the file that [lists] rules names",
            in_rules("[[alow]]", '[[allow]]\nitems = ["1"]'),
        ),
    ),
    "blocked_unknown": Case(
        statements("insert into blocked_item (placement, item_id) values ('default', 'x')"),
        Cure("Correct item_id", statements("update blocked_item set item_id = '1'")),
    ),
    "blocked_user": Case(
        block("item_id, user_id", "'1', 'x'"),
        Cure("Correct user_id", statements("update blocked_item set user_id = '1'")),
        Cure("null is everyone", statements("update blocked_item set user_id = null")),
    ),
    "blocked_placement": Case(
        statements("insert into blocked_item (placement, item_id) values ('defualt', '1')"),
        Cure("Correct placement", statements("update blocked_item set placement = 'default'")),
        Cure("delete the row", statements("delete from blocked_item")),
    ),
    "blocked_backwards": Case(
        block("item_id, starts_at, until", "'1', '2998-02-01', '2998-01-01'"),
        Cure(
            "perhaps they are swapped",
            statements("update blocked_item set starts_at = until, until = starts_at"),
        ),
    ),
    "blocked_everything": Case(
        together(
            every(
                "items.csv", until=lambda row: "2999-01-01" if row["item"] == "1" else "2001-01-01"
            ),
            lambda shelf: shelf.text(
                "fusion.toml",
                lambda text: text + '\n[data.item_columns]\navailable_until = "until"\n',
            ),
            statements("insert into blocked_item (placement, item_id) values ('default', '1')"),
        ),
        Cure("Delete rows of blocked_item", statements("delete from blocked_item")),
        Cure(
            "correct the times of availability",
            every("items.csv", until=lambda row: "2999-01-01"),
        ),
    ),
    "blocked_ended": Case(
        block("item_id, until", "'1', '2020-12-31'"),
        Cure("Correct until", statements("update blocked_item set until = '2998-12-31'")),
        Cure("delete the rows that are done", statements("delete from blocked_item")),
    ),
    "older_database": Case(
        older_database("0004"),
        Cure("Run `fusion db upgrade`", lambda shelf: shelf.call("db", "upgrade")),
    ),
    "damaged_database": Case(
        together(backup("fusion.db"), statements("drop table decision")),
        Cure("Restore a backup", restore("fusion.db")),
        Cure("name an empty database in [storage] url", in_another_database),
    ),
    "wrong_source": Case(
        lambda shelf: shelf.text(
            "fusion.toml", lambda text: text + '\n[[sources]]\nname = "eas"\n'
        ),
        Cure("Correct [[sources]] in the configuration", configure('"eas"', '"ease"')),
    ),
    "broken_source": Case(
        package("raise ImportError('cannot find my other half')"),
        Cure("Mend the package", package("from tests.fusion.hostile.sources import Fine as Mine")),
        Cure("uninstall it", uninstall),
    ),
    "floor_of_effect": Case(
        lambda shelf: shelf.text(
            "fusion.toml", lambda text: text + "\n[monitor]\nchurn_limit = 0.3\n"
        ),
        Cure("take churn_limit out of [monitor]", configure("churn_limit = 0.3\n", "")),
    ),
    "wrong_receiver": Case(
        lambda shelf: shelf.text(
            "fusion.toml", lambda text: text + '\n[notify]\nurls = ["slak://ann"]\n'
        ),
        Cure("Correct [notify] urls", configure("slak://ann", "http://127.0.0.1:9/hook")),
    ),
    "wrong_ranker": Case(
        lambda shelf: shelf.text(
            "fusion.toml", lambda text: text + "\n[ranker]\nextra = { max_bin = 0 }\n"
        ),
        Cure("Correct [ranker] extra", configure("max_bin = 0", "max_bin = 63")),
    ),
    "no_folder": Case(
        lambda shelf: shelf.text(
            "fusion.toml", lambda text: text + '\n[artifacts]\npath = "log.csv/runs"\n'
        ),
        Cure("name another folder as artifacts.path", configure("log.csv/runs", "runs")),
    ),
    "no_encoder": Case(
        rules('[diversity]\nby = "text"\nencoder = "none/at-all"\n'),
        Cure("Correct rules: diversity.encoder", in_rules("none/at-all", "tfidf")),
        Cure("set it to 'auto'", in_rules("none/at-all", "auto")),
    ),
    "no_device": Case(
        lambda shelf: shelf.text("fusion.toml", lambda text: 'device = "cuda"\n' + text),
        Cure("Set device = 'auto'", configure('device = "cuda"', 'device = "auto"')),
    ),
    "no_database": Case(
        lambda shelf: shelf.text(
            "fusion.toml", lambda text: text + '\n[storage]\nurl = "sqlite:///none/x.db"\n'
        ),
        Cure("Correct [storage] url", configure("none/x.db", "fusion.db")),
    ),
}
