"""Rows of `blocked_item` that can never act: one finding a reason, with the rows."""

import polars as pl

from fusion.lists.business_rules.block_findings import idle_rows

COLUMNS = ("placement", "item_id", "user_id", "starts_at", "until", "why")


def idle(*rows: tuple[str | None, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict.fromkeys(COLUMNS, pl.String), orient="row")


def test_every_reason_is_a_finding_with_its_rows():
    found = idle_rows(
        idle(
            ("hmoe", "i1", None, None, None, "placement"),
            ("home", "i2", "u1", "2027-02-01", "2027-01-01", "backwards"),
            ("home", "i3", None, None, "2020-01-01", "ended"),
            ("home", "i4", None, None, "2020-01-02", "ended"),
        ),
        ["home", "mail"],
    )
    assert [(one.code, one.severity, one.count) for one in found] == [
        ("blocked_placement", "warning", 1),
        ("blocked_backwards", "warning", 1),
        ("blocked_ended", "warning", 2),
    ]
    assert found[0].message.endswith("such as 'hmoe'. Did you mean 'home'? Known: home, mail")
    assert found[1].examples[0]["until"] == "2027-01-01"
    assert found[2].examples[0] == {"placement": "home", "item_id": "i3", "until": "2020-01-01"}


def test_rows_that_act_are_no_finding():
    assert idle_rows(idle(), ["home"]) == []
