"""The sentence says what the numbers say."""

from __future__ import annotations

import pytest

from cospace.explain import ordinal, sentence
from cospace.results import Why

TEXT, PHOTO = Why("text", 3, 0.41, 1.2), Why("image", 1, 0.3, 0.4)


@pytest.mark.parametrize(
    ("rank", "whys", "said"),
    [
        (1, [TEXT], "First of all answers: third by the meaning of its text (0.41)."),
        (12, [Why("words", 2, 5.0, 0.3)], "12th of all answers: second by the words that it"),
        (2, [Why("words", None, 1.0, 0.0)], "it holds words of the question, as many others do"),
        (2, [Why("image", None, 0.1, -1)], "not among the nearest by its photo (0.10)"),
        (2, [TEXT, PHOTO], "75% of what speaks for it is by the meaning of its text"),
        (None, [TEXT], "Not among the first 200 answers: third by"),
        (None, [], "Not among the first 200 answers."),
        (4, [Why("audio", 1, 0.5, 0.5)], "first by its audio (0.50)"),
    ],
)
def test_a_sentence(rank, whys, said):
    assert said in sentence(rank, whys, 200)


def test_ordinals():
    assert ["first", "ninth", "10th", "21st", "112th", "103rd"] == [
        ordinal(rank) for rank in (1, 9, 10, 21, 112, 103)
    ]
    assert "Not ranked." == sentence(None, [])
