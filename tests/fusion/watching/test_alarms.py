"""What an alarm says: the subject and columns it is about, in the place of every brace."""

from datetime import date

import pytest

from fusion.watching.alarms import Alarm
from fusion.watching.causes import CAUSES
from fusion.watching.figure import Figure
from fusion.watching.scales import SHARE
from fusion.watching.statistics.judge import Judgement


@pytest.mark.parametrize("code", sorted(CAUSES))
def test_a_message_has_no_braces_left(code):
    figure = Figure("users", "blank", SHARE, "empty cells of country", "country")
    judgement = Judgement(figure, "alarm", 0.5, 0.0, 0.1, cause=CAUSES[code])
    message = Alarm(CAUSES[code], "window", date(2026, 11, 2), (judgement,)).message
    assert "{" not in message
    if "{subject}" in CAUSES[code].do:
        assert "Do other users come than before?" in message
