import pytest

from fusion.runs.redaction import Redactor


@pytest.mark.parametrize(
    ("person", "before", "after"),
    [
        ("u7", "user u7 item i1, user u77 item u7i", "user (forgotten) item i1, user u77 item u7i"),
        (
            "7",
            "7 users have short lists, e.g. 7, 12, 77",
            "7 users have short lists, e.g. (forgotten), 12, 77",
        ),
        ("7", "user 7 was seen for 7 days", "user (forgotten) was seen for 7 days"),
        ("7", "user_id='7' and user 77", "user_id='(forgotten)' and user 77"),
        ("o'neil (x)", "asked by o'neil (x).", "asked by (forgotten)."),
        ("李雷", "by 李雷, today", "by (forgotten), today"),
        ("ann@x.org", "ann@x.org, joann@x.org", "(forgotten), joann@x.org"),
    ],
)
def test_ids_are_taken_out_of_sentences(person, before, after):
    assert Redactor([person]).redact_text(before) == after


def test_the_longer_of_two_ids_is_taken_whole():
    assert (
        Redactor(["ann", "ann lee"]).redact_text("by ann lee and ann")
        == "by (forgotten) and (forgotten)"
    )


def test_examples_go_whole_and_figures_stay():
    content = {
        "users": 7,
        "seed": 7,
        "checks": [
            {
                "message": "e.g. 7",
                "examples": [{"user": "7", "item": "3"}, {"user": "8", "item": "7"}, "7"],
            }
        ],
        "rows": [{"user": 4, "item": 4}, {"user": 5, "item": 4}],
        "people": {"users": ["7", "8"]},
        "one": {"user_id": "7"},
        "method": "7",
    }
    assert Redactor(["7"], [4]).redact(content) == {
        "users": 7,
        "seed": 7,
        "checks": [{"message": "e.g. (forgotten)", "examples": [{"user": "8", "item": "7"}]}],
        "rows": [{"user": 5, "item": 4}],
        "people": {"users": ["8"]},
        "one": {"user_id": None},
        "method": "7",
    }
