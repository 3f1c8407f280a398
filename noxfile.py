"""The suite on every Python that the pinned packages install on: `nox`, `nox -s tests-3.12`."""

import nox

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
EXTRAS = ".[all,demo,dev,docs]"

nox.options.sessions = ["tests"]
# A Python that is missing is skipped, and said.
nox.options.error_on_missing_interpreters = False


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the suite against the versions of constraints.txt."""
    session.install("--constraint", "constraints.txt", EXTRAS)
    session.run("pytest", "-m", "not faults and not docs_run", *session.posargs)


@nox.session(python=PYTHONS[0])
def newest(session: nox.Session) -> None:
    """Run the suite against the newest versions that are allowed, to see what will break next."""
    session.install("--upgrade", EXTRAS)
    session.run("pytest", "-m", "not faults and not docs_run", *session.posargs)
