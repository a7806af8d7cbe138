import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadItem, EmptyItem
from cospace.limits import override
from cospace.read.texts import check_text, is_blank

BLANK = [
    "",
    " ",
    "\t\r\n",
    "\u200b",
    "\ufeff\u200d",
    "\u00a0\u3000",
    "\x01\x1f",
    "\u2800",
    "\ufe0f",
]


@pytest.mark.parametrize("text", BLANK)
def test_a_text_in_which_nothing_can_be_seen_is_empty(text: str) -> None:
    with pytest.raises(EmptyItem, match="nothing to encode"):
        check_text(text, "a")


@pytest.mark.parametrize("text", ["a", "\u200ba", "👩‍👩‍👧", "日本", "\u202eabc", "e\u0301", "?"])
def test_a_text_that_can_be_seen_comes_back_unchanged(text: str) -> None:
    assert text == check_text(text)


def test_a_text_is_never_cut_off() -> None:
    with override(text_chars=10):
        assert "x" * 10 == check_text("x" * 10)
        with pytest.raises(BadItem, match=r"a: the text has 11 characters; at most 10"):
            check_text("x" * 11, "a")


@pytest.mark.parametrize("text", ["a\ud800", "a\x00b", b"bytes", None, 3])
def test_what_is_not_unicode_text_is_refused(text: object) -> None:
    with pytest.raises(BadItem):
        check_text(text, "a")  # type: ignore[arg-type]


def test_a_million_joiners_are_refused_at_once() -> None:
    with pytest.raises(BadItem, match="1,000,000 characters"):
        check_text("\u200d" * 1_000_000)


@given(st.text())
@settings(deadline=None)
def test_any_text_is_taken_unchanged_or_refused_with_a_reason(text: str) -> None:
    try:
        assert text == check_text(text, "a")
    except BadItem as error:
        assert isinstance(error, EmptyItem) == (is_blank(text) and "\x00" not in text)
