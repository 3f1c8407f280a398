"""Watches, and the figures that they close."""

from datetime import UTC, datetime

from storage.watches.watches import (
    FigureRow,
    add_watch,
    figures_since,
    newest_figures,
    newest_watch,
    newest_watches,
)

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


def test_the_newest_watches_come_first_and_bounded(engine):
    first, second, third = (keep(engine, "home") for _ in range(3))
    keep(engine, "mail")

    def _numbers(limit, below=None):
        return [one.watch_no for one in newest_watches(engine, "home", limit, below)]

    assert _numbers(5) == [third, second, first]
    assert _numbers(2) == [third, second]
    assert _numbers(5, below=third) == [second, first]
    assert _numbers(5, below=first) == []


def test_a_figure_of_the_newest_days_comes_oldest_first(engine):
    days = [FigureRow("day", f"2026-11-0{day}", "users.new", 1.0, 1, None) for day in (1, 2, 3)]
    others = [
        FigureRow("window", "2026-11-01", "users.new", 1.0, 1, None),
        FigureRow("day", "2026-11-01", "items.new", 1.0, 1, None),
    ]
    keep(engine, "home", *days, *others)
    assert newest_figures(engine, "home", "day", "users.new", 2) == days[1:]
    assert newest_figures(engine, "home", "day", "users.new", 9) == days
    assert newest_figures(engine, "mail", "day", "users.new", 9) == []
