"""Addresses of all pages."""

from starlette.routing import Route

from dashboards.pages.actions import ACTION
from dashboards.pages.overview.alerts import show_alert, show_alerts
from dashboards.pages.overview.history import show_history
from dashboards.pages.overview.today import show_today
from dashboards.pages.overview.watches import show_watch, show_watches
from dashboards.pages.people.item import show_item
from dashboards.pages.people.items import show_items
from dashboards.pages.people.user import show_user
from dashboards.pages.people.users import show_users
from dashboards.pages.reference.about import show_about
from dashboards.pages.reference.sql import show_sql
from dashboards.pages.runs.compare import show_comparison
from dashboards.pages.runs.downloads import download_csv, download_json, download_sql
from dashboards.pages.runs.run import show_run
from dashboards.pages.runs.runs import show_runs

PAGES = [
    ACTION,
    Route("/at/{placement}/users", show_users),
    Route("/at/{placement}/users/{user:path}", show_user),
    Route("/at/{placement}/items", show_items),
    Route("/at/{placement}/items/{item:path}", show_item),
    Route("/at/{placement}/runs", show_runs),
    Route("/at/{placement}/runs/{run}", show_run),
    Route("/at/{placement}/", show_today),
    Route("/at/{placement}/alerts", show_alerts),
    Route("/at/{placement}/alerts/{number}", show_alert),
    Route("/at/{placement}/history", show_history),
    Route("/at/{placement}/watches", show_watches),
    Route("/at/{placement}/watches/{number}", show_watch),
    Route("/at/{placement}/runs/{run}/run.json", download_json),
    Route("/at/{placement}/runs/{run}/figures.csv", download_csv),
    Route("/at/{placement}/runs/{run}/figures.sql", download_sql),
    Route("/at/{placement}/compare", show_comparison),
    Route("/at/{placement}/sql", show_sql),
    Route("/at/{placement}/about", show_about),
]
