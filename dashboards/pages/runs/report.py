"""The report of a run: its page as one file."""

from dashboards.language.catalogue import DEFAULT, catalogue
from dashboards.pages.frame import Site
from dashboards.pages.one_file import one_file
from dashboards.pages.runs.conclusion import conclude
from dashboards.pages.runs.facts import RunFacts
from dashboards.pages.runs.manifest_text import manifest_text
from dashboards.pages.runs.pictures import pictures


def run_report(site: Site, facts: RunFacts, language: str = DEFAULT) -> str:
    """Return the report of a run as HTML that needs no server and no network.

    Args:
        site: whose placement, time zone and commands it names.
        facts: all that is known of the run.
        language: in which it speaks.
    """
    return one_file(
        site,
        "run_report",
        language,
        facts=facts,
        conclusion=conclude(facts),
        pictures=pictures(facts, catalogue(language).gettext),
        manifest=manifest_text(facts.manifest),
    )
