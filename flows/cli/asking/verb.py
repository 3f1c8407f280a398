"""The verb `ask`. It imports what it needs when it runs, so that light verbs answer at once."""

from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, Run, open_session, verb
from flows.cli.console import emit, out
from flows.session import has_terminal


@verb
def ask(
    run: Run = "live",
    n: Annotated[
        int | None, typer.Option("--n", help="how many questions; default: 8, if there are as many")
    ] = None,
    k: Annotated[
        int | None, typer.Option("-k", min=1, help="places of the list; default: [lists] size")
    ] = None,
    answers: Annotated[
        str, typer.Option("--answers", help="answers, instead of a dialogue: 260=y,1196=n,7=?")
    ] = "",
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Ask somebody new what tells most of their taste, and make a list from the answers.

    At a terminal it is a dialogue. Into a file or a pipe, and as JSON, go the questions alone;
    with --answers the list.

    Returns:
        0.
    """
    from flows.cli.asking.answers import parse_answers  # noqa: PLC0415
    from flows.cli.asking.dialogue import ask_at_terminal, read_line  # noqa: PLC0415
    from flows.cli.asking.screen import print_answered_list, print_questions  # noqa: PLC0415
    from flows.steps.show.answered_list import answered_list, questions_of  # noqa: PLC0415
    from flows.steps.show.run_on_request import run_on_request  # noqa: PLC0415

    given = parse_answers(answers) if answers else None
    asked = run_on_request(open_session(config, read_only=True), run)
    if given is None:
        questions = questions_of(asked, n)
        if as_json or not (has_terminal() and out.is_terminal):
            emit(questions) if as_json else print_questions(out, questions)
            return 0
        given = ask_at_terminal(out, questions, read_line)
    rows = answered_list(asked, given, k)
    if as_json:
        emit(rows)
    else:
        print_answered_list(out, given, rows)
    return 0
