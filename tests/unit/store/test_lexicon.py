"""Words like another: the distance, and that the quick test before it loses none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cospace.store.lexicon import Lexicon, distances
from cospace.store.protocol import Row
from cospace.store.truth import Change

WORDS = st.text("abcäж", min_size=1, max_size=6)


def slow(a: str, b: str) -> int:
    """Optimal string alignment, as the textbooks have it."""
    table = [[max(i, j) for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(WORDS, st.lists(WORDS, max_size=6))
def test_distances_are_those_of_the_textbook(word, words):
    assert [slow(word, one) for one in words] == distances(word, words).tolist()


def lexicon(*texts: str) -> Lexicon:
    return Lexicon().after([Change(at, Row(str(at), text)) for at, text in enumerate(texts)], ())


@given(WORDS.filter(lambda w: len(w) > 2), st.lists(WORDS.filter(lambda w: len(w) > 2)))
def test_near_finds_every_word_that_is_near(word, words):
    from cospace.read.terms import fold

    known = lexicon(" ".join(words))
    folded = {fold(one) for one in words}
    expected = {one for one in folded if slow(fold(word), one) <= 2}
    assert expected == {one.folded for one in known.near(fold(word), 2)}


def test_words_are_told_as_they_are_written_most():
    known = lexicon("Stühle, stühle und Stuhle", "KX-4410 blue")
    [near] = known.near("stuhel", 1)
    assert ("stühle", "stuhle", 3, 1) == near
    assert 0 == known.count("kx")


def test_what_changes_beside_the_text_is_not_counted_again():
    known = lexicon("oak table")
    again = known.after([Change(0, Row("0", "oak table", media={"image": "a.png"}))], ())
    assert 1 == again.count("table")
    more = again.after([Change(0, Row("0", "oak table, round"))], ())
    assert (1, 2) == (known.count("table"), more.count("table"))


def test_titles_are_completed_and_long_texts_are_not():
    known = lexicon("Retro velvet armchair", "A long text. " * 20, "Retro velvet stool")
    assert ["retro", "retro velvet", "retro velvet armchair", "retro velvet stool"] == [
        text for text, _ in known.begun("retro")
    ]
    assert 2 == dict(known.begun("retro v"))["retro velvet"]
