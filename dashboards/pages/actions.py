"""What forms of the pages do: each calls the function of its verb, in the name of the person."""

from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboards.language.catalogue import marked
from dashboards.pages.frame import here, messages, missing_page, render
from dashboards.pages.visitor import DONE, FORM, visitor_of
from dashboards.pages.writes import Fields
from fusion.errors import FusionError

PAGE_AFTER = {
    "acknowledge": ("alerts", "number"),
    "approve": (),
    "reject": (),
    "rollback": (),
    "block": ("items", "item"),
    "unblock": ("items", "item"),
}
"""Actions by name, with the page that shows what they did: its section and the field it is of."""
ACTIONS = rf"/at/[^/]+/do/({'|'.join(PAGE_AFTER)})"
"""Paths that forms are posted to."""
REASON = {"acknowledge": "why"}
"""Fields that say why, where it is not `reason`."""


def act(request: Request) -> Response:
    """Do what a form asks, and go back to the page that shows it.

    Args:
        request: whose path names the action, and whose scope has the form.
    """
    where, visitor = here(request, ""), visitor_of(request)
    _ = messages(request).gettext
    writes, action = where.site.writes, request.path_params["action"]
    if writes is None or visitor is None or action not in PAGE_AFTER:
        return missing_page(request, "Nothing is written here.")
    if where.placement != where.site.placement:
        # Rules and gate of the configuration are those of its own placement.
        own = {"placement": where.site.placement}
        return _refused(request, _("This server writes to placement %(placement)s alone.") % own)
    form: Fields = {name: value.strip() for name, value in request.scope[FORM].items()}
    # Percent-encoded: browsers change line ends in fields, and pages show what nobody would see.
    form |= {"item": unquote(form.get("item", ""))}
    if not form.get(REASON.get(action, "reason")):
        return _refused(request, _("A reason is missing: others will want to know why."))
    try:
        getattr(writes, action)(visitor.name, form)
    except FusionError as refused:
        return _refused(request, str(refused))
    section, field = PAGE_AFTER[action] or ("", "")
    parts = [section, form[field]] if field else [section]
    return RedirectResponse(f"{where.link(*parts)}?{DONE}={visitor.sign_done(action)}", 303)


def _refused(request: Request, sentence: str) -> Response:
    answer = render(request, "", "message", title=marked("Nothing was done"), sentence=sentence)
    answer.status_code = 409
    return answer


ACTION = Route("/at/{placement}/do/{action}", act, methods=["POST"])
"""The address of all forms."""
