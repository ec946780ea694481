"""Points of coverage and their texts, which records and journals keep."""

import pytest

from subwarden.checking.adapter_judge import OBSERVE_SHOWS
from subwarden.stateful_tests.exploring.check import Check, checks_of
from subwarden.stateful_tests.exploring.coverage.points import Point, PointKind, parse, texts
from subwarden.stateful_tests.subjects.core.adapter import OBSERVED
from subwarden.stateful_tests.subjects.levels import LEVELS


@pytest.mark.parametrize("check", checks_of(*LEVELS), ids=lambda check: check.name)
def test_the_text_of_each_expected_point_names_it_alone(check: Check) -> None:
    expected = check.expected(LEVELS[check.level])
    assert {parse(point.text()) for point in expected} == expected
    assert len(set(texts(expected))) == len(expected)


def test_texts_are_those_of_earlier_records() -> None:
    assert Point(PointKind.RULE, "settle").text() == "rule settle"
    assert Point(PointKind.ORDER, "any: a free lock suspends", "core").text() == "core: order any: a free lock suspends"
    assert Point(PointKind.ANSWER, "thread_start: ok", "server").text() == "server: answer thread_start: ok"
    assert OBSERVED.text() == OBSERVE_SHOWS


@pytest.mark.parametrize("text", ["", "rule", "ruler settle", "core: settle"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"names no point of coverage|is not a valid PointKind"):
        parse(text)
