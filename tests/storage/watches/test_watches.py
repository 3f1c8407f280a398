"""Watches, and the figures that they close."""

from datetime import UTC, datetime

from storage.watches.watches import FigureRow, add_watch, figures_since, newest_watch

AS_OF = datetime(2026, 11, 2, tzinfo=UTC)
LAYOUT = {"anchor": "2026-10-26", "window_days": 7}


def keep(engine, placement, *figures):
    return add_watch(
        engine, placement, as_of=AS_OF, run_no=None, layout=LAYOUT, facts={}, figures=figures
    )


def test_the_newest_watch_of_a_placement_is_read_back(engine):
    assert newest_watch(engine, "home") is None
    keep(engine, "home")
    number = keep(engine, "home")
    keep(engine, "mail")
    found = newest_watch(engine, "home")
    assert (found.watch_no, found.as_of, found.layout) == (number, AS_OF, LAYOUT)


def test_figures_come_back_in_order_and_a_day_that_is_closed_again_is_replaced(engine):
    rows = [
        FigureRow("day", "2026-11-01", "interactions.rows", 7.0, 7, None),
        FigureRow("day", "2026-10-31", "interactions.rows", 5.0, 5, None),
        FigureRow("window", "2026-10-26", "users.mix.country", None, 9, {"DE": 4, "FR": 5}),
    ]
    keep(engine, "home", *rows)
    assert figures_since(engine, "home", "day", "2026-10-01") == [rows[1], rows[0]]
    assert figures_since(engine, "home", "day", "2026-11-01") == [rows[0]]
    assert figures_since(engine, "home", "window", "2026-01-01") == [rows[2]]
    assert figures_since(engine, "mail", "day", "2026-10-01") == []
    again = FigureRow("day", "2026-11-01", "interactions.rows", 8.0, 8, None)
    keep(engine, "home", again)
    assert figures_since(engine, "home", "day", "2026-11-01") == [again]
