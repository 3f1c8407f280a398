"""SQL: a read-only recipe behind every number, for the placement."""

from itertools import groupby
from operator import attrgetter

from starlette.requests import Request
from starlette.responses import Response

from dashboards.pages.frame import here, render
from dashboards.pages.reference.recipes import RECIPES, filled

EXAMPLES = {"user_id": "USER", "item_id": "ITEM"}
"""Values that stand in a recipe until somebody gives their own."""


def show_sql(request: Request) -> Response:
    """Show the recipes, with the user and the item that were asked for in them.

    Args:
        request: its query may hold a `user_id` and an `item_id`.
    """
    asked = {name: request.query_params.get(name, "") for name in EXAMPLES}
    given = {name: value or EXAMPLES[name] for name, value in asked.items()}
    values = {**given, "placement": here(request, "sql").placement}
    pages = {
        page: [(recipe.question, filled(recipe.sql, values)) for recipe in recipes]
        for page, recipes in groupby(RECIPES, attrgetter("page"))
    }
    return render(request, "sql", "sql", pages=pages, asked=asked)
